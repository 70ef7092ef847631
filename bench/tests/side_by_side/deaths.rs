//! A server that dies, and Ctrl-C.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::small_run::{assert_nothing_left, end, start_and_wait, text};

#[test]
fn a_server_that_dies_is_named_with_its_death() {
    let out = tempfile::tempdir().unwrap();
    let (child, server) = start_and_wait(&out, "q3", "msgqueue", "q3-threads-server");
    kill(Pid::from_raw(server), Signal::SIGKILL).unwrap();
    let output = end(child);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    let said = text(&output);
    assert!(said.contains("q3-threads: ") && said.contains("killed by SIGKILL"), "{said}");
    assert!(!out.path().join("results.json").exists());
    assert_nothing_left(out.path());
}

#[test]
fn ctrl_c_leaves_nothing_behind() {
    let out = tempfile::tempdir().unwrap();
    let (child, _) = start_and_wait(&out, "q1", "pipes", "q1-pipes-server");
    kill(Pid::from_raw(child.id() as i32), Signal::SIGINT).unwrap();
    let output = end(child);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    assert!(text(&output).contains("ended by SIGINT"), "{}", text(&output));
    assert_nothing_left(out.path());
}
