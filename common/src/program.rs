//! What any program of the course needs: its end, its signals, its name, its private directory.

pub mod directory;
pub mod duration;
pub mod exit;
pub mod process;
pub mod shell;
pub mod system_v;
pub mod signals;
