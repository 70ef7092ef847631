//! The box office over TCP, other machines included: a thread for every connection, and one that
//! commits what they reserve.
#![cfg(target_os = "linux")]

pub mod client;
pub mod connection;
pub mod deadline;
pub mod farewell;
pub mod framing;
pub mod listeners;
pub mod options;
pub mod refused;
pub mod registry;
pub mod resolve;
pub mod server;
mod sys;
