//! What survives dead, slow and hostile clients; a first reading may skip it.

pub mod backlog;
pub mod backoff;
pub(crate) mod backpressure;
pub mod sweep;
pub mod leftovers;
pub(crate) mod limits;
