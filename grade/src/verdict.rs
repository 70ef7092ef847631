//! What a submission is told: a verdict for each item, and the mark.

pub mod item;
pub mod report;
