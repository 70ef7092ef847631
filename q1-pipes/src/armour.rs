//! What survives dead, slow and hostile clients; a first reading may skip it.

pub mod grace_period;
pub mod inbox;
pub mod leftovers;
pub mod reply_fifos;
pub mod request_fifo;
pub mod resync;
pub mod ticks;
