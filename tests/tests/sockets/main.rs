//! What only the stages with sockets can get wrong.
#![expect(clippy::unwrap_used, reason = "a test's helpers may panic as the test itself")]

mod ending;
mod limits;
mod machines;
mod raw;
mod slow;
mod stream;
