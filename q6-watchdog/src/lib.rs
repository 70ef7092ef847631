//! The box office behind a dispatcher, with secondary servers that a watchdog restarts.
#![cfg(target_os = "linux")]

pub mod board;
pub mod channel;
pub mod child;
pub mod client;
pub mod dispatcher;
pub mod fleet;
pub mod leftovers;
pub mod options;
pub mod presence;
pub mod probe;
pub mod secondary;
pub mod segment;
pub mod server;
pub mod service;
mod sys;
pub mod watched;
pub mod writer;
