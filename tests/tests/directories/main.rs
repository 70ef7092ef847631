//! Who has been in a DIR before, and who is there now: another stage, another namespace, a file system
//! or a kernel that lacks something.

#![expect(clippy::unwrap_used, reason = "a test's helpers may panic as the test itself")]

use std::process::{Command, Output};

mod handed_over;
mod lacking;
mod namespaces;

/// The exit status of a program that should end soon, and what it says on stderr.
fn ended(command: &mut Command) -> (Option<i32>, String) {
    let Output { status, stderr, .. } = command.output().unwrap();
    (status.code(), String::from_utf8_lossy(&stderr).into_owned())
}
