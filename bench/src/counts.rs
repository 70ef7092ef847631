//! What needs no clock: memory, processes and threads, system calls, switches, faults, allocations.

pub mod allocations;
pub mod compiler;
pub mod cost;
pub mod lines;
pub mod nothing;
pub mod server;
