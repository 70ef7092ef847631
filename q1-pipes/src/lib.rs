//! The box office over named pipes: a parent, a consultation worker and a reservation worker.
#![cfg(target_os = "linux")]

pub mod channel;
pub mod client;
pub mod connection;
pub mod death;
pub mod fifo;
pub mod fork;
pub mod inbox;
pub mod leftovers;
pub mod patience;
pub mod reply_fifos;
pub mod request_fifo;
pub mod resync;
pub mod server;
pub mod shared;
pub mod sys;
pub mod ticks;
pub mod workers;
