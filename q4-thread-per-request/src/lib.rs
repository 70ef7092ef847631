//! The box office over System V message queues: a thread for every request, and one that commits
//! what they reserve.
#![cfg(target_os = "linux")]

pub mod committer;
pub mod crowd;
pub mod decision;
pub mod line;
pub mod replies;
pub mod server;
mod sys;
