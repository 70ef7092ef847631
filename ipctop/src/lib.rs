//! Looks at every queue, pipe, segment, socket, process and thread of a program, and says what is
//! stuck.
//!
//! It changes nothing: no process is attached to, no message taken, no FIFO opened. See
//! [`watch::look`].
#![cfg(target_os = "linux")]

pub mod model;
pub mod scope;
pub mod watch;

pub mod price;

pub mod lines;
pub mod text;

pub mod screen;

pub mod options;
pub mod run;

pub mod clean;
mod collect;
mod findings;
mod history;
mod rates;
pub mod messages;

mod sys;

#[cfg(test)]
mod schema;
