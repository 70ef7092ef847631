//! What every client has around its mechanism: its options, its question, its menu, its output.

pub mod options;
pub mod ask;
pub mod menu;
pub mod print;
pub mod hint;
pub mod interruption;
