//! What the trials of one target bring, round by round.

use anyhow::Context;
use hdrhistogram::Histogram;

use crate::clients::load;
use crate::clients::order::Done;
use crate::results::group::{Group, Question};
use crate::results::row::{Exchange, Row};
use crate::results::spread::Spread;
use crate::results::timing::{Latency, Timing};

/// What one trial has brought, all rounds.
#[derive(Debug)]
pub struct Samples {
    all: Histogram<u64>,
    p50_us: Vec<f64>,
    p99_us: Vec<f64>,
    per_second: Vec<f64>,
}

impl Default for Samples {
    fn default() -> Samples {
        let none = Vec::new;
        Samples { all: load::histogram(), p50_us: none(), p99_us: none(), per_second: none() }
    }
}

impl Samples {
    /// A round: what each client has brought.
    ///
    /// # Errors
    /// If there are too many samples to be counted.
    pub fn add(&mut self, done: &[Done]) -> anyhow::Result<()> {
        let mut round = load::histogram();
        for &(value, count) in done.iter().flat_map(|done| &done.samples) {
            round.record_n(value, count).context("cannot record a latency")?;
        }
        // The same moments for all: a client that is late has fewer requests, not less time.
        let elapsed_ns = done.iter().map(|done| done.elapsed_ns).max().unwrap_or_default();
        let per_second = round.len() as f64 / (elapsed_ns.max(1) as f64 / 1e9);
        self.p50_us.push(us(&round, 0.5));
        self.p99_us.push(us(&round, 0.99));
        self.per_second.push(per_second);
        self.all.add(&round).context("cannot add up latencies")
    }

    /// What all rounds come to.
    pub fn timing(
        self,
        group: Group,
        exchange: Option<Exchange>,
        row: Row,
        (question, clients): (Question, usize),
        dirty_rounds: usize,
    ) -> Timing {
        Timing {
            group,
            exchange,
            row,
            question,
            clients,
            latency: Latency {
                samples: self.all.len(),
                p50_us: us(&self.all, 0.5),
                p99_us: us(&self.all, 0.99),
                p999_us: us(&self.all, 0.999),
                max_us: us(&self.all, 1.0),
            },
            p50_us: Spread::of(self.p50_us),
            p99_us: Spread::of(self.p99_us),
            per_second: Spread::of(self.per_second),
            dirty_rounds,
        }
    }
}

fn us(histogram: &Histogram<u64>, quantile: f64) -> f64 {
    histogram.value_at_quantile(quantile) as f64 / 1000.0
}
