//! The corpus: each submission gets exactly the verdicts that are written beside it.
#![expect(clippy::unwrap_used, reason = "a test's helpers may panic as the test itself")]

mod expected;
mod marks;
