//! The corpus: each submission gets exactly the verdicts that are written beside it.
#![cfg(test)]

mod expected;
mod marks;
