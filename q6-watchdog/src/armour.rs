//! What survives dead, slow and hostile clients; a first reading may skip it.

pub mod leftovers;
