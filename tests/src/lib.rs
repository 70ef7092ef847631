//! The harness: starts real server processes, talks to them, and fails the test that leaves
//! anything behind.
#![cfg(target_os = "linux")]

pub mod address;
pub mod c;
pub mod client;
mod directory;
pub mod effort;
pub mod leftovers;
pub mod network;
pub mod never_reads;
pub mod processes;
pub mod seed;
pub mod server;
pub mod stage;
pub mod strace;
pub mod sweep;
pub mod sys;
pub mod wait;
pub mod wire;
