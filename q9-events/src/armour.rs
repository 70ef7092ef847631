//! What survives dead, slow and hostile clients; a first reading may skip it.

pub(crate) mod timers;
pub(crate) mod ending;
pub(crate) mod room;
pub(crate) mod registry;
pub(crate) mod acceptor;
