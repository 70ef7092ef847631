//! `grade try`, as a person at a terminal uses it, and without a terminal.
#![expect(clippy::unwrap_used, reason = "a test's helpers may panic as the test itself")]

mod person;
mod submission;

mod without_terminal;

mod with_terminal;

mod ended;
