//! The table of shows, the rules that decide a request, and the file that remembers.

pub mod table;
pub mod shows;
pub mod data_file;
pub mod store;
pub mod office;
