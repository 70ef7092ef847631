//! What survives dead, slow and hostile clients; a first reading may skip it.

pub mod thread_limit;
pub mod replies;
