//! The machine: its CPUs, clocks and memory, what else runs on it, and Ctrl-C.

pub mod affinity;
pub mod background_load;
pub mod clock;
pub mod descriptors;
pub mod file_system;
pub mod host;
pub mod interrupt;
pub mod memory;
pub mod usage;
