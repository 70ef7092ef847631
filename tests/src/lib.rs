//! The harness: starts real server processes, talks to them, and fails the test that leaves
//! anything behind.
#![cfg(target_os = "linux")]

pub mod address;
pub mod attack;
pub mod attacker;
pub mod c;
pub mod client;
mod directory;
pub mod disk;
pub mod effort;
pub mod gate;
pub mod hang;
pub mod history;
pub mod journal;
pub mod ledger;
pub mod leftovers;
pub mod load;
pub mod nemesis;
pub mod network;
pub mod processes;
pub mod say;
pub mod seed;
pub mod server;
pub mod stage;
pub mod stolen;
pub mod strace;
pub mod sweep;
pub mod sys;
pub mod trace;
pub mod tracer;
pub mod wait;
pub mod wire;
