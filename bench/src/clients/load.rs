//! The two kinds of load: a closed loop, whose next request waits for the reply, and an open one, whose
//! requests are due at fixed moments.

use anyhow::Context;
use hdrhistogram::Histogram;

use crate::clients::connection::Connection;
use crate::clients::order::{Done, Length, Order};
use crate::machine::{clock, usage};

/// The longest latency that is told apart from longer ones.
const LONGEST_NS: u64 = 60_000_000_000;
/// Digits of a latency that are kept.
const DIGITS: u8 = 3;

/// An empty histogram of latencies in nanoseconds.
pub fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, LONGEST_NS, DIGITS).expect("these bounds are legal")
}

/// Latencies, each with how often it was seen.
pub fn samples(histogram: &Histogram<u64>) -> Vec<(u64, u64)> {
    let recorded = histogram.iter_recorded();
    recorded.map(|at| (at.value_iterated_to(), at.count_at_value())).collect()
}

/// Does what the order says.
///
/// # Errors
/// If a request is not answered, or not with OK.
pub fn run(connection: &mut Connection, order: &Order) -> anyhow::Result<Done> {
    let mut histogram = histogram();
    clock::sleep_until(order.begin_ns);
    let before = usage::own();
    let end = match order.rate {
        None => closed(connection, order, clock::now(), &mut histogram)?,
        Some(rate) => open(connection, order, rate, &mut histogram)?,
    };
    let usage = usage::own() - before;
    Ok(Done { samples: samples(&histogram), elapsed_ns: end.saturating_sub(order.begin_ns), usage })
}

/// One look at the clock per request: the end of one is the beginning of the next.
fn closed(
    connection: &mut Connection,
    order: &Order,
    mut before: u64,
    histogram: &mut Histogram<u64>,
) -> anyhow::Result<u64> {
    let mut asked = 0;
    // At least one: a client that gets the CPU too late shows by its latency, not by its absence.
    loop {
        connection.ask(order.question)?;
        let after = clock::now();
        record(histogram, after - before)?;
        (before, asked) = (after, asked + 1);
        if is_over(order.length, before, asked) {
            return Ok(before);
        }
    }
}

/// Latency counts from the moment a request was due, not from when it was sent: otherwise a server
/// that stops for a second would spoil one sample instead of all that were due in that second.
fn open(
    connection: &mut Connection,
    order: &Order,
    rate: u32,
    histogram: &mut Histogram<u64>,
) -> anyhow::Result<u64> {
    let mut asked = 0;
    let mut due = order.begin_ns;
    loop {
        clock::sleep_until(due);
        connection.ask(order.question)?;
        let after = clock::now();
        record(histogram, after - due)?;
        asked += 1;
        due = order.begin_ns + asked * 1_000_000_000 / u64::from(rate);
        if is_over(order.length, due, asked) {
            return Ok(after);
        }
    }
}

/// Whether a closed loop ends here.
pub(super) fn is_over(length: Length, now: u64, asked: u64) -> bool {
    match length {
        Length::Until(end) => now >= end,
        Length::Count(count) => asked >= count,
    }
}

/// Adds a latency.
///
/// # Errors
/// If there are too many.
pub(super) fn record(histogram: &mut Histogram<u64>, latency_ns: u64) -> anyhow::Result<()> {
    histogram.record(latency_ns.clamp(1, LONGEST_NS)).context("cannot record a latency")
}
