//! What the kernel says of other processes: which there are, and what each thread does.

pub mod keys;
pub mod processes;
pub mod quiet;
pub mod stop;
pub mod thread;
pub mod usage;
pub mod waits;
