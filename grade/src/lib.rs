//! Judges submissions: what they say to a person at a menu, and what the kernel sees of them.
#![cfg(target_os = "linux")]

// What is asked of whom.
pub mod assignment;

// What is asked about it, and what it is told.
pub mod items;
pub mod output;
pub mod verdict;
pub mod words;

pub mod options;

// How programs of a submission are started, and ended.
pub mod launch;

mod sys;
