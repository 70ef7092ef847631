//! The watchdog's parts: what it knows of each server, how it probes them, and what they share.

pub mod fleet;
pub mod silence;
pub mod watched;
pub mod child;
pub mod probe;
pub mod board;
pub mod presence;
