//! Does what the command line asks for.

pub mod class;
pub mod door;
pub mod init;
pub mod inside;
pub mod marking;
pub mod one;
pub mod self_check;
pub mod try_out;
