//! The command line: what it prints, in each format, and what it says of wrong use.
#![cfg(test)]

mod course;
mod formats;
mod program;
mod usage;
