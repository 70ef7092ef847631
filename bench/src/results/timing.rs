//! What was measured with a clock.

use serde::{Deserialize, Serialize};

/// One figure per round, and what they come to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// The median.
    pub median: f64,
    /// The least.
    pub min: f64,
    /// The most.
    pub max: f64,
    /// All of them, in order.
    pub rounds: Vec<f64>,
}

impl Spread {
    /// The spread of the rounds' figures; zeros if there are none.
    pub fn of(rounds: Vec<f64>) -> Spread {
        let mut sorted = rounds.clone();
        sorted.sort_by(f64::total_cmp);
        let (Some(&min), Some(&max)) = (sorted.first(), sorted.last()) else {
            return Spread::default();
        };
        let middle = sorted.len() / 2;
        let median = if sorted.len() % 2 == 1 {
            sorted[middle]
        } else {
            (sorted[middle - 1] + sorted[middle]) / 2.0
        };
        Spread { median, min, max, rounds }
    }
}

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// The seats left on one show: 32 bytes there, 32 back.
    View,
    /// The whole table: 32 bytes there, 752 back.
    List,
    /// One seat of one show; a bare row writes 4 bytes and calls fdatasync.
    Reserve,
}

/// Where the processes ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Placement {
    /// Server and clients on [`Host::chosen_cpu`](crate::results::Host::chosen_cpu).
    OneCpu,
    /// Wherever the scheduler put them.
    Free,
}

/// One timed combination, all its rounds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Timing {
    /// The group whose rounds it shares: figures of the same round of the same group were measured
    /// right after one another.
    pub group: String,
    /// The stage, or the name of a bare row.
    pub subject: String,
    /// What is asked.
    pub question: Question,
    /// `power` or `process`; None for a bare exchange, and for a foreign server its own default.
    pub durability: Option<String>,
    /// Where.
    pub placement: Placement,
    /// How many client processes.
    pub clients: usize,
    /// Requests per second of each client, counted from the moment a request was due; None: a closed
    /// loop, the next request after the reply.
    pub rate: Option<u32>,
    /// All samples of all rounds.
    pub latency: Latency,
    /// The median latency of each round, in microseconds.
    pub p50_us: Spread,
    /// The 99th percentile of each round, in microseconds.
    pub p99_us: Spread,
    /// Requests per second, all clients together.
    pub per_second: Spread,
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

/// A figure of a server, divided by that of a bare row in the same round.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ratio {
    /// The group.
    pub group: String,
    /// The server.
    pub stage: String,
    /// What it is divided by, as a sum of rows where there are several.
    pub against: String,
    /// `p50`, `p99` or `per_second`.
    pub figure: String,
    /// What is asked.
    pub question: Question,
    /// One quotient per round.
    pub ratio: Spread,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_the_middle_and_both_ends() {
        let odd = Spread::of(vec![3.0, 1.0, 2.0]);
        assert_eq!((odd.median, odd.min, odd.max), (2.0, 1.0, 3.0));
        assert_eq!(odd.rounds, [3.0, 1.0, 2.0]);
        assert_eq!(Spread::of(vec![1.0, 2.0, 4.0, 8.0]).median, 3.0);
        assert_eq!(Spread::of(Vec::new()), Spread::default());
    }
}
