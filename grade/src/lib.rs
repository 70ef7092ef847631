//! Judges submissions: what they say to a person at a menu, and what the kernel sees of them.
#![cfg(target_os = "linux")]

// What is asked of whom.
pub mod assignment;

// How programs of a submission are started, and ended.
pub mod launch;

// Where they run.
pub mod sandbox;

mod sys;
