//! Processes under ptrace: one instruction at a time, or none at all.

pub mod hang;
pub mod tracer;
