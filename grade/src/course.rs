//! A whole course: every question of every submission, and the pages about them.

pub mod archive;
pub mod files;
pub mod list;
pub mod marks;
pub mod pages;
pub mod store;
pub mod unpacked;
