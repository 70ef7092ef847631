//! Real boxes, as the user who runs the tests, and as an ordinary one if that is root.
#![expect(clippy::unwrap_used, reason = "a test's helpers may panic as the test itself")]

mod boxed;

mod bare;
mod end;
mod hostile;
mod isolation;
mod limits;
mod network;
mod no_box;
mod speed;
mod tools;
