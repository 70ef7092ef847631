//! The watchdog: what it knows of each server, asks it, and starts again.

pub mod board;
pub mod child;
pub mod fleet;
pub mod presence;
pub mod probe;
pub mod watched;
pub mod writer;
