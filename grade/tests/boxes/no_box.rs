//! Where no box can be made, one is told why.

use std::process::{Command, Output};

use crate::boxed::{By, folder, judge};

/// What `grade box` says after these commands of root in a namespace of its own.
fn after(commands: &str) -> Output {
    let given = folder(&[]);
    let (_programs, judge) = judge(By::Me);
    let (judge, given) = (judge.display(), given.path().display());
    let line = format!("{commands} && exec {judge} box {given} true");
    Command::new("unshare").args(["-rm", "sh", "-c", &line]).output().unwrap()
}

#[test]
fn a_root_that_is_alone_has_boxes() {
    let output = after("true");
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn a_machine_without_namespaces_says_so() {
    let output = after("echo 0 > /proc/sys/user/max_user_namespaces");
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.starts_with("grade: cannot make a box: cannot make namespaces: "), "{said}");
}

/// As in many containers: the namespaces can be made, and fail only later.
#[test]
fn a_container_that_hides_parts_of_proc_says_so() {
    let output = after("mount -t tmpfs none /proc/sys/user");
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("cannot mount proc on "), "{said}");
}
