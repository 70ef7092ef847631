//! The box office over System V message queues: one process, a consultation thread and a
//! reservation thread.
#![cfg(target_os = "linux")]

pub mod armour;
pub mod published;
pub mod server;

/// The package, as the ready line and the lock file name it.
pub const PACKAGE: &str = "q3-threads";
