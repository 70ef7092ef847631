//! What every stage of the box office needs and that has no control flow of its own.
//!
//! Data and pure rules come first; the process's surroundings (directory, command line, logs,
//! signals) after them.
#![cfg(target_os = "linux")]

pub mod ask;
pub mod data_file;
pub mod directory;
pub mod exit;
pub mod hint;
pub mod interruption;
pub mod lock;
pub mod log;
mod log_lines;
pub mod menu;
pub mod office;
pub mod options;
pub mod print;
pub mod process;
pub mod record;
pub mod reply;
pub mod request;
pub mod shell;
pub mod shows;
pub mod signals;
pub mod start;
pub mod store;
mod sys;
pub mod table;
