//! The box office over TCP, other machines included: a thread for every connection, and one that
//! commits what they reserve.
#![cfg(target_os = "linux")]

// In reading order.
pub mod options;
pub mod server;
pub mod answers;
pub mod channel;
pub mod stream;
pub mod framing;
pub mod client;
mod sys;
pub mod armour;

/// The package, as the ready line and the lock file name it.
pub const PACKAGE: &str = "q5-sockets";
