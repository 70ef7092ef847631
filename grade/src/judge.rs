//! Asks the items of a question, one after the other.

pub mod course;
pub mod hearing;
pub mod rounds;
pub mod scene;
pub mod shows;
