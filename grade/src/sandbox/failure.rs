//! Why a job in a box did not end as it should.

use std::fmt;
use std::time::Duration;

/// Why a job did not end as it should.
#[derive(Debug)]
pub enum Failure {
    /// No box can be made on this machine: why.
    NoBox(String),
    /// The submission does not fit into the box.
    NoCopy(String),
    /// The box was killed at its time limit.
    TimeLimit(Duration),
    /// The judge inside ended with an error, or did not keep to its own rules.
    Judge(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::NoBox(why) => write!(f, "cannot make a box: {why}"),
            Failure::NoCopy(why) => write!(f, "cannot copy the submission into its box: {why}"),
            Failure::TimeLimit(limit) => {
                write!(f, "the box was killed after {:.1} s", limit.as_secs_f64())
            }
            Failure::Judge(why) => write!(f, "the judge in the box failed: {why}"),
        }
    }
}

impl std::error::Error for Failure {}
