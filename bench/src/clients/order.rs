//! What the measuring process tells a client process to do, and what that one answers: lines of
//! JSON over its standard input and output.

use serde::{Deserialize, Serialize};

use crate::machine::usage::Usage;
use crate::results::group::Question;

/// One trial.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Order {
    /// What to ask.
    pub question: Question,
    /// When to begin, on the shared clock.
    pub begin_ns: u64,
    /// When to end.
    pub length: Length,
    /// Requests per second, at fixed moments; None: the next one after the reply.
    pub rate: Option<u32>,
}

/// How long to ask.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub enum Length {
    /// Until this moment on the shared clock.
    Until(u64),
    /// So many requests.
    Count(u64),
}

/// What became of an order.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Answer {
    /// The client has its connection and waits for orders.
    Ready,
    /// All requests were answered.
    Done(Done),
    /// One was not: why.
    Failed(String),
}

/// What a trial has brought.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Done {
    /// Latencies in nanoseconds, each with how often it was seen.
    pub samples: Vec<(u64, u64)>,
    /// From the moment at which all clients were to begin to the last reply.
    pub elapsed_ns: u64,
    /// What this process has used meanwhile.
    pub usage: Usage,
}
