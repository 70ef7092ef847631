//! The box office over TCP with one thread for all connections: it waits for all of them at once.
#![cfg(target_os = "linux")]

// In reading order.
pub mod options;
pub mod server;
mod channel;
mod turn;
mod output;
mod write_half;
mod commit_queue;
mod committer;
mod returned;
pub mod client;
mod armour;

/// The package, as the ready line and the lock file name it.
pub const PACKAGE: &str = "q9-events";
