//! What is asked of a submission, as its teacher wrote it down.

pub mod dialogue;
pub mod question;

pub mod file;
pub mod submission;
