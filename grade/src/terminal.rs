//! A terminal as a person has one: what is typed, what is shown, and whose turn it is.

pub mod pty;
pub mod transcript;
pub mod turn;
pub mod threads;
pub mod session;
