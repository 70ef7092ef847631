//! The box office over TCP, other machines included: a thread for every connection, and one that
//! commits what they reserve.
#![cfg(target_os = "linux")]

pub mod armour;
pub mod channel;
pub mod client;
pub mod framing;
pub mod options;
pub mod server;
mod sys;

/// The package, as the ready line and the lock file name it.
pub const PACKAGE: &str = "q5-sockets";
