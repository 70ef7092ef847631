//! What only a stream can get wrong: pieces, slow peers, too many of them, and closes.

pub mod ending;
pub mod limits;
pub mod raw;
pub mod share;
pub mod slow;
pub mod stream;
