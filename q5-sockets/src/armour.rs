//! What survives dead, slow and hostile clients; a first reading may skip it.

pub mod deadline;
pub mod closing;
pub mod registry;
pub mod refused;
pub mod lingering_close;
pub mod listeners;
pub mod resolve;
