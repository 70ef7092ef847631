//! The side-by-side measurement: every stage beside the bare exchange of the same bytes.
#![cfg(target_os = "linux")]

pub mod allocations;
pub mod bare;
pub mod bars;
pub mod clock;
pub mod compare;
pub mod connections;
pub mod cost;
pub mod door;
pub mod grid;
pub mod group;
pub mod host;
pub mod interrupt;
pub mod lines;
pub mod memory;
pub mod noise;
pub mod options;
pub mod order;
pub mod pace;
pub mod place;
pub mod plan;
pub mod plot;
pub mod process;
pub mod programs;
pub mod ratios;
pub mod report;
pub mod results;
pub mod run;
pub mod server;
pub mod subject;
pub mod summary;
mod sys;
pub mod table;
pub mod team;
pub mod usage;
pub mod worker;
