//! What a run prints and leaves: tables, pictures and sentences, all made from its results.

pub mod conclusion;
pub mod counts;
pub mod crowd;
pub mod details;
pub mod html;
pub mod markdown;
pub mod method;
pub mod plot;
pub mod progress;
pub mod report;
pub mod summary;
pub mod table;
pub mod terminal;
pub mod words;
