//! What survives dead, slow and hostile clients; a first reading may skip it.

pub mod record;
pub mod refusal;
pub mod gate;
pub mod handshakes;
pub mod turned_away;
