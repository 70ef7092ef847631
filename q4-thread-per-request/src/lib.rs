//! The box office over System V message queues: a thread for every request, and one that commits
//! what they reserve.
#![cfg(target_os = "linux")]

pub mod armour;
pub mod committer;
pub mod decision;
pub mod line;
pub mod server;
mod sys;

/// The package, as the ready line and the lock file name it.
pub const PACKAGE: &str = "q4-thread-per-request";
