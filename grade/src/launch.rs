//! How programs of a submission are started, watched and ended.

pub mod behind;
pub mod program;

pub mod launcher;
pub mod process;

pub mod tools;

// What a started program is shut in, and who collects its orphans.
pub(crate) mod children;
pub(crate) mod walls;

// Between fork and exec.
mod child;
mod filter;
mod plan;
