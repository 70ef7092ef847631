//! The box office behind a dispatcher, with secondary servers that a watchdog restarts.
#![cfg(target_os = "linux")]

// In reading order.
pub mod options;
pub mod server;
pub mod watchdog;
pub mod service;
pub mod dispatcher;
pub mod secondary;
pub mod channel;
pub mod segment;
pub mod client;
mod sys;

/// The package, as the ready line and the lock file name it.
pub const PACKAGE: &str = "q6-watchdog";
