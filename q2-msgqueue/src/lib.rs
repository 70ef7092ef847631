//! The box office over System V message queues: a parent, a consultation worker and a reservation
//! worker.
#![cfg(target_os = "linux")]

pub mod backlog;
pub mod channel;
pub mod client;
mod kept;
pub mod leftovers;
mod limits;
pub mod queue;
mod room;
pub mod server;
pub mod sweep;
pub mod sys;
