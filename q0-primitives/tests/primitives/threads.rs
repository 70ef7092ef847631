//! The program about threads.

use std::fs;

use crate::program::{Program, number};

#[test]
fn without_a_lock_updates_are_lost_and_with_one_none_is() {
    let mut program = Program::start(env!("CARGO_BIN_EXE_threads"), &["--threads", "3"]);
    for (how, lost) in [("without a lock:", true), ("with a lock:", false)] {
        program.line("press Enter");
        let tasks = format!("/proc/{}/task", program.pid());
        // Main and three more; a thread of the first round may still be leaving.
        program.until(|| fs::read_dir(&tasks).unwrap().count() == 4);
        program.enter();
        let line = program.line(how);
        let (sum, expected) = (number(&line, "lock"), number(&line, "of"));
        assert_eq!(sum < expected, lost, "{line}");
        assert!(sum > 0 && sum <= expected);
    }
    assert!(program.end().0.success());
}
