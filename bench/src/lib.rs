//! The side-by-side measurement: every stage beside the bare exchange of the same bytes.
#![cfg(target_os = "linux")]

pub mod results;
