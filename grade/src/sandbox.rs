//! A box around a submission: namespaces, files, limits and a supervisor of its own, for one job.

// From outside.
pub mod command;
pub mod failure;
pub mod run;
pub mod tree;

// What goes in and comes out.
mod frames;
mod listener;
mod order;

// From inside.
pub mod inside;
pub mod leftovers;
pub mod processes;
pub mod steps;

mod capture;

// How it is made, in this order.
mod keeper;
mod sources;
pub(crate) mod root;
mod nested;
mod netlink;
pub(crate) mod network;
mod supervisor;
