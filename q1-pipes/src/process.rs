//! What starts worker processes, watches them, and shares memory between them.

pub mod workers;
pub mod fork;
pub mod shared;
