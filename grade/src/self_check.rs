//! The grader judges programs whose verdicts are known, and counts where it is wrong.

// The programs, and which of them are judged today.
pub mod corpus;
pub mod rotation;

// What came of each, and of all.
pub mod outcome;
pub mod matrix;

pub mod load;
