//! What survives dead, slow and hostile clients; a first reading may skip it.

pub mod backlog;
pub(crate) mod deferred;
pub mod leftovers;
pub(crate) mod limits;
pub(crate) mod room;
pub mod sweep;
