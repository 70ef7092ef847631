//! Shared memory under a robust lock, and two forked workers: what the stages with processes are
//! made of.
#![cfg(target_os = "linux")]

pub mod shared;
mod sys;
pub mod workers;
