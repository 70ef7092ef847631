//! The corpus: each submission gets exactly the verdicts that are written beside it.

mod expected;
mod marks;
