//! Words past the test runner's capture: how much was tried, and what was not, belongs to every
//! report of success.

use std::io::{self, Write};

/// Prints a line to standard error itself.
///
/// # Panics
/// If it is closed.
pub fn say(line: &str) {
    let mut stderr = io::stderr();
    writeln!(stderr, "{line}").expect("stderr is open");
}
