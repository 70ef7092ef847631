//! The box office behind a dispatcher, with secondary servers that a watchdog restarts.
#![cfg(target_os = "linux")]

pub mod armour;
pub mod channel;
pub mod client;
pub mod dispatcher;
pub mod options;
pub mod secondary;
pub mod segment;
pub mod server;
pub mod service;
mod sys;
pub mod watchdog;

/// The package, as the ready line and the lock file name it.
pub const PACKAGE: &str = "q6-watchdog";
