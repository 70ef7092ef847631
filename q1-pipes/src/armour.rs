//! What survives dead, slow and hostile clients; a first reading may skip it.

pub mod request_fifo;
pub mod resync;
pub mod reply_fifos;
pub mod inbox;
pub mod ticks;
pub mod grace_period;
