//! Asks the items of a question, one after the other.

pub mod course;
mod emptied;
pub mod hearing;
pub mod log;
pub mod objects;
pub mod rounds;
pub mod scene;
pub mod shows;
pub mod surroundings;
pub mod wire_door;
