//! Hostile submissions: none changes a mark of its own for the better, or of others at all, and
//! nothing of it outlives it.
#![expect(clippy::unwrap_used, reason = "a test's helpers may panic as the test itself")]

mod attacks;
mod class;
mod left;
mod marks;
mod printed;
mod words;
