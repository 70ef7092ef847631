//! Real boxes, as the user who runs the tests, and as an ordinary one if that is root.
#![expect(clippy::unwrap_used, reason = "a test's helpers may panic as the test itself")]

mod boxed;

mod end;
mod hostile;
mod isolation;
mod limits;
mod network;
mod speed;
mod tools;
