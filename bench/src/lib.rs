//! The side-by-side measurement: every stage beside the bare exchange of the same bytes.
#![cfg(target_os = "linux")]

pub mod baseline;
pub mod clients;
pub mod context;
pub mod counts;
pub mod machine;
pub mod options;
pub mod output;
pub mod results;
pub mod run;
mod sys;
pub mod target;
