//! What a look saw: plain data that can be written as JSON and compared.

pub mod finding;
pub mod look;
pub mod object;
pub mod office;
pub mod process;
pub mod system;
