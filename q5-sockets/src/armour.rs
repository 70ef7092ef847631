//! What survives dead, slow and hostile clients; a first reading may skip it.

pub mod deadline;
pub mod lingering_close;
pub mod listeners;
pub mod refused;
pub mod registry;
pub mod resolve;
