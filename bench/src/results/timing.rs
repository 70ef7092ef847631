//! What was measured with a clock.

use serde::{Deserialize, Serialize};

use crate::results::group::{Group, Question};
use crate::results::row::{Exchange, Row};
use crate::results::spread::Spread;

/// One timed combination, all its rounds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Timing {
    /// The group whose rounds it shares.
    pub group: Group,
    /// Beside which bare exchange it was measured: the same round of the same exchange was measured
    /// within a second or two. None for what needs no server.
    pub exchange: Option<Exchange>,
    /// Whose figures these are.
    pub row: Row,
    /// What was asked.
    pub question: Question,
    /// By how many client processes.
    pub clients: usize,
    /// All samples of all rounds.
    pub latency: Latency,
    /// The median latency of each round, in microseconds.
    pub p50_us: Spread,
    /// The 99th percentile of each round, in microseconds.
    pub p99_us: Spread,
    /// Requests per second, all clients together.
    pub per_second: Spread,
    /// Rounds in which other programs used too much of the CPU, and that count nevertheless.
    pub dirty_rounds: usize,
}

/// The latencies of all samples, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// How many there are.
    pub samples: u64,
    /// The median.
    pub p50_us: f64,
    /// The 99th percentile.
    pub p99_us: f64,
    /// The 99.9th percentile.
    pub p999_us: f64,
    /// The longest.
    pub max_us: f64,
}

/// A server's timing in a group.
pub fn of_server<'a>(
    timings: &'a [Timing],
    group: Group,
    server: &str,
    question: Question,
) -> Option<&'a Timing> {
    timings.iter().find(|timing| {
        timing.group == group
            && timing.question == question
            && matches!(&timing.row, Row::Server(name) if name == server)
    })
}

/// The timing of a row that is no server, as it was measured beside this exchange.
pub fn beside<'a>(
    timings: &'a [Timing],
    group: Group,
    exchange: Exchange,
    row: &Row,
    question: Question,
) -> Option<&'a Timing> {
    timings.iter().find(|timing| {
        timing.group == group
            && timing.exchange == Some(exchange)
            && timing.question == question
            && timing.row == *row
    })
}
