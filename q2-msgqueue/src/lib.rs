//! The box office over System V message queues: a parent, a consultation worker and a reservation
//! worker.
#![cfg(target_os = "linux")]

// In reading order.
pub mod server;
pub mod channel;
pub mod client;
pub mod queue;
pub mod sys;
pub mod armour;

/// The package, as the ready line and the lock file name it.
pub const PACKAGE: &str = "q2-msgqueue";
