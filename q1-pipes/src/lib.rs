//! The box office over named pipes: a parent, a consultation worker and a reservation worker.
#![cfg(target_os = "linux")]

pub mod armour;
pub mod channel;
pub mod client;
pub mod connection;
pub mod fifo;
pub mod process;
pub mod server;
pub mod sys;

/// The package, as the ready line and the lock file name it.
pub const PACKAGE: &str = "q1-pipes";
