//! What starts processes, watches them, and shares memory between them.

pub mod death;
pub mod fork;
pub mod shared;
pub mod workers;
