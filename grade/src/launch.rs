//! How programs of a submission are started, watched and ended.

pub mod launcher;
pub mod process;
pub mod program;
