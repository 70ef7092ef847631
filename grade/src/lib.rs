//! Judges submissions: what they say to a person at a menu, and what the kernel sees of them.
#![cfg(target_os = "linux")]

// What is asked of whom.
pub mod assignment;

// What is asked about it, and what it is told.
pub mod items;
pub mod judge;
pub mod verdict;
pub mod words;

// A client and the person who types to it.
pub mod dialogue;
pub mod terminal;

// How programs of a submission are started, seen, and waited for.
pub mod kernel;
pub mod launch;
pub mod patience;
pub mod readiness;

// Where they run.
pub mod job;
pub mod sandbox;

// A dialogue that is tried, or made.
pub mod trial;

// How often the grader itself is wrong.
pub mod self_check;

// The command line, and what is printed.
pub mod options;
pub mod course;
pub mod output;
pub mod run;

mod sys;
