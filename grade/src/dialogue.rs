//! A client at its menu: what is typed for each action, and what its answers mean.

pub mod keys;
pub mod reading;
pub mod person;
pub mod client;
pub mod first;
