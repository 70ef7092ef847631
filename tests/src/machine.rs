//! A machine as a test needs it: a cable that is cut, a disk without power, time that others took.

pub mod capability;
pub mod disk;
pub mod network;
pub mod stolen;
