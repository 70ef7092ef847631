//! The harness: starts real server processes, talks to them, and fails the test that leaves
//! anything behind.
#![cfg(target_os = "linux")]

// What is judged, and how it is asked.
pub mod stage;
pub mod target;

pub mod address;
pub mod client;
pub mod server;
pub mod wire;
pub mod tunnel;

// What is asked, and how a broken promise is told.
pub mod checks;
pub mod evidence;
pub mod runner;
pub mod verdict;

// What is done to a server, and what is seen of it.
pub mod attack;
pub mod history;
pub mod leftovers;
pub mod machine;
pub mod processes;
pub mod ptrace;
pub mod strace;

// What tests need besides.
pub mod begin;
pub mod c;
pub mod effort;
pub mod say;
pub mod seed;
pub mod sys;
pub mod wait;
