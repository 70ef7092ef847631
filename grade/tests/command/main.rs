//! The command line: what it prints, in each format, and what it says of wrong use.
#![expect(clippy::unwrap_used, reason = "a test's helpers may panic as the test itself")]

mod course;
mod formats;
mod program;
mod usage;
