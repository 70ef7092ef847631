//! The box office over System V message queues: one process, a consultation thread and a
//! reservation thread.
#![cfg(target_os = "linux")]

pub mod published;
pub mod server;
pub mod workers;
