//! A grader that is killed leaves nothing.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rstest::rstest;
use tempfile::TempDir;

use crate::boxed::{By, folder, judge};

/// The processes below one, in any number of generations, with a number that no later one has.
fn descendants(pid: i32) -> Vec<(i32, String)> {
    let mut parents = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let Some(child) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok())
        else {
            continue;
        };
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let Some((_, rest)) = stat.rsplit_once(')') else { continue };
        let fields: Vec<&str> = rest.split_whitespace().collect();
        parents.push((child, fields[1].parse::<i32>().unwrap(), fields[19].to_owned()));
    }
    let mut found = vec![(pid, String::new())];
    let mut next = 0;
    while let Some((parent, _)) = found.get(next).cloned() {
        let below = parents.iter().filter(|(_, of, _)| *of == parent);
        found.extend(below.map(|(child, _, begin)| (*child, begin.clone())));
        next += 1;
    }
    found.split_off(1)
}

fn is_there((pid, begin): &(i32, String)) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields: Vec<&str> =
        stat.rsplit_once(')').map_or(Vec::new(), |(_, rest)| rest.split_whitespace().collect());
    // A zombie is nothing any more; whoever adopted it may be slow.
    fields.get(19).is_some_and(|field| field == begin) && fields[0] != "Z"
}

/// A grader with a box in which programs run.
fn busy(by: By) -> ((TempDir, Arc<TempDir>), Child) {
    let given = folder(&[]);
    fs::set_permissions(given.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let line = "ipcmk -Q; setsid sleep 1000 & sleep 1000 & trap '' HUP TERM INT; sleep 1000; true";
    let (programs, judge) = judge(by);
    let mut command = Command::new(judge);
    command.arg("box").args([given.path().as_os_str(), line.as_ref()]).stdout(Stdio::null());
    // Ctrl-C goes to a group.
    command.process_group(0);
    ((given, programs), command.spawn().unwrap())
}

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) -> Duration {
    let begin = Instant::now();
    while !is_so() {
        assert!(begin.elapsed() < Duration::from_secs(20), "{what}");
        std::thread::sleep(Duration::from_millis(1));
    }
    begin.elapsed()
}

#[rstest]
#[case::me(By::Me, Signal::SIGKILL)]
#[case::user(By::User, Signal::SIGKILL)]
#[case::me_ctrl_c(By::Me, Signal::SIGINT)]
#[case::user_ctrl_c(By::User, Signal::SIGINT)]
fn a_grader_that_is_killed_leaves_nothing(#[case] by: By, #[case] signal: Signal) {
    let (_folders, mut grader) = busy(by);
    let pid = grader.id() as i32;
    let mut below = Vec::new();
    // The keeper, the first process, the shell, and three that sleep.
    wait_until("the box is not busy", || {
        below = descendants(pid);
        below.len() == 6
    });
    kill(Pid::from_raw(-pid), signal).unwrap();
    grader.wait().unwrap();
    let time = wait_until("something is left", || !below.iter().any(is_there));
    println!("{by:?}, {signal}: nothing is left after {time:?}");
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    assert!(!mounts.contains("/home/student"), "{mounts}");
}

#[rstest]
#[case::first(1)]
#[case::keeper(0)]
fn a_box_whose_own_process_is_killed_is_no_verdict(#[case] which: usize) {
    let (_folders, grader) = busy(By::Me);
    let pid = grader.id() as i32;
    let mut below = Vec::new();
    wait_until("the box is not busy", || {
        below = descendants(pid);
        below.len() == 6
    });
    kill(Pid::from_raw(below[which].0), Signal::SIGKILL).unwrap();
    let output = grader.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    wait_until("something is left", || !below.iter().any(is_there));
}
