//! `results.json`: what a run has measured, and what follows from it without measuring anything.

pub mod bar;
pub mod bars;
pub mod beside;
pub mod counts;
pub mod earlier;
pub mod event_bars;
pub mod file;
pub mod group;
pub mod host;
pub mod peer;
pub mod ratio;
pub mod ratios;
pub mod row;
pub mod spread;
pub mod timing;
