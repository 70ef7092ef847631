//! What the programs of the first lesson share: how they speak, wait, fork, execute and observe.
#![cfg(target_os = "linux")]

pub mod child;
pub mod compile;
pub mod default_action;
pub mod fifo;
pub mod gate;
pub mod group;
pub mod observe;
pub mod pause;
pub mod program;
pub mod screen;
pub mod signals;
pub mod sys;
