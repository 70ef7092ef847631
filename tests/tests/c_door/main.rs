//! The door for C: the generated header, and the two programs that were written with it.

#![expect(clippy::unwrap_used, reason = "a test's helpers may panic as the test itself")]

mod header;
