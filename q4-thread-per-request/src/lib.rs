//! The box office over System V message queues: a thread for every request, and one that commits
//! what they reserve.
#![cfg(target_os = "linux")]

// In reading order.
pub mod server;
pub mod oneshot;
pub mod commit_queue;
pub mod committer;
pub mod sys;
pub mod armour;

/// The package, as the ready line and the lock file name it.
pub const PACKAGE: &str = "q4-thread-per-request";
