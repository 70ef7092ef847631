//! What every stage of the box office needs and that has no control flow of its own.
//!
//! Data and pure rules come first: the protocol's bytes, and the table that is booked. Then what
//! surrounds them in any program, in a server and in a client. No room imports one that stands
//! further down.
#![cfg(target_os = "linux")]

mod sys;

pub mod protocol;

pub mod program;

pub mod booking;

pub mod server;

pub mod client;
