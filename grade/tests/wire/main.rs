//! The wire door: this project's own servers keep every promise, and what is asked wrongly is told.
#![expect(clippy::unwrap_used, reason = "a test's helpers may panic as the test itself")]

mod program;
mod stages;
mod usage;
