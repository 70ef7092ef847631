//! What every server has around its mechanism: its options, its start, its lock, its log.

pub mod options;
pub mod start;
pub mod lock;
pub mod origin;
pub mod object;
pub mod leftovers;
pub mod log;
mod log_lines;
