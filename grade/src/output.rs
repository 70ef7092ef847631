//! Reports, as people and other programs read them.

pub mod csv;
pub(crate) mod explanation;
pub mod gradescope;
pub mod human;
pub mod junit;
pub mod vpl;
