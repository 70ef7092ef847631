//! The box office over System V message queues: one process, a consultation thread and a
//! reservation thread.
#![cfg(target_os = "linux")]

// In reading order.
pub mod server;
pub mod published;
pub mod wake;
pub mod armour;

/// The package, as the ready line and the lock file name it.
pub const PACKAGE: &str = "q3-threads";
