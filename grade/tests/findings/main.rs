//! Items without points of their own: each is lost by a program with its fault, and passed by right ones.
#![expect(clippy::unwrap_used, reason = "a test's helpers may panic as the test itself")]

mod faults;
mod right;
mod served;
mod submission;
mod synced;
