//! Judges submissions: what they say to a person at a menu, and what the kernel sees of them.
#![cfg(target_os = "linux")]

// What is asked of whom.
pub mod assignment;

// How programs of a submission are started, and ended.
pub mod launch;

// What is seen of others, and how long it is waited for.
pub mod kernel;
pub mod patience;

// A client and the person who types to it.
pub mod terminal;
pub mod dialogue;

// A server that can be asked.
pub mod readiness;

mod sys;
