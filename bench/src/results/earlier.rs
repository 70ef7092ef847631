//! An earlier run of the same machine beside this one: what has moved, and what got worse.

use std::fs;
use std::path::Path;

use anyhow::{Context, ensure};

use crate::results::file::{Results, SCHEMA};
use crate::results::ratio::{Figure, Ratio};

/// One figure of both runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Move {
    /// What it is.
    pub what: String,
    /// Then.
    pub before: f64,
    /// Now.
    pub now: f64,
    /// By how many percent it got worse; below zero: better.
    pub worse_percent: f64,
}

impl Move {
    /// None if one of the figures says nothing.
    fn new(what: String, before: f64, now: f64, more_is_better: bool) -> Option<Move> {
        let worse = if more_is_better { before / now } else { now / before };
        let is_known = before > 0.0 && now > 0.0;
        is_known.then_some(Move { what, before, now, worse_percent: (worse - 1.0) * 100.0 })
    }
}

/// Reads an earlier run.
///
/// # Errors
/// If it is none, or one of another machine or another method: these are not compared.
pub fn read(path: &Path, now: &Results) -> anyhow::Result<Results> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let earlier: Results = serde_json::from_str(&text)
        .with_context(|| format!("{} is no results.json of this version", path.display()))?;
    let (then, host) = (&earlier.host, &now.host);
    ensure!(earlier.schema == SCHEMA, "{} has schema {}", path.display(), earlier.schema);
    ensure!(
        (&then.cpu, &then.kernel, &then.cpus) == (&host.cpu, &host.kernel, &host.cpus),
        "{} is of another machine or kernel, {} on {}: not compared",
        path.display(),
        then.kernel,
        then.cpu
    );
    ensure!(
        earlier.method.segment_ms == now.method.segment_ms,
        "trials of {} ms then, of {} ms now: not compared",
        earlier.method.segment_ms,
        now.method.segment_ms
    );
    Ok(earlier)
}

/// What both runs have measured: the ratios, and what does not depend on the clock; the worst first.
pub fn moves(before: &Results, now: &Results) -> Vec<Move> {
    let mut moves = [of_ratios(before, now), of_counts(before, now)].concat();
    moves.sort_by(|a, b| b.worse_percent.total_cmp(&a.worse_percent));
    moves
}

fn of_ratios(before: &Results, now: &Results) -> Vec<Move> {
    let key = |ratio: &Ratio| {
        (ratio.group, ratio.server.clone(), ratio.against, ratio.figure, ratio.question)
    };
    let moved = |ratio: &Ratio| {
        let earlier = before.ratios.iter().find(|other| key(other) == key(ratio))?;
        let against = ratio.against.name(&ratio.server, ratio.exchange);
        let (group, figure) = (ratio.group.name(), ratio.figure.name());
        let question = ratio.question.name();
        let what = format!("{}, {group}: {question} {figure} / {against}", ratio.server);
        let more_is_better = ratio.figure == Figure::PerSecond;
        Move::new(what, earlier.ratio.median, ratio.ratio.median, more_is_better)
    };
    now.ratios.iter().filter_map(moved).collect()
}

fn of_counts(before: &Results, now: &Results) -> Vec<Move> {
    let mut moves = Vec::new();
    for server in &now.servers {
        let Some(earlier) = before.servers.iter().find(|other| other.name == server.name) else {
            continue;
        };
        let dirty = [earlier, server].map(|row| row.memory_after.private_dirty as f64);
        let what = format!("{}: Private_Dirty, KiB", server.name);
        moves.extend(Move::new(what, dirty[0], dirty[1], false));
        if let Some((then, now)) = earlier.view.calls().zip(server.view.calls()) {
            let what = format!("{}: system calls of a VIEW", server.name);
            moves.extend(Move::new(what, then, now, false));
        }
    }
    moves
}

/// The moves that count as worse.
pub fn worse(moves: &[Move], threshold: f64) -> usize {
    moves.iter().filter(|step| step.worse_percent > threshold).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_gets_worse_downwards_and_a_latency_upwards() {
        let worse = |before, now, more| Move::new(String::new(), before, now, more).unwrap();
        assert!((worse(1.0, 0.8, true).worse_percent - 25.0).abs() < 1e-9);
        assert!((worse(1.0, 1.25, false).worse_percent - 25.0).abs() < 1e-9);
        assert!(worse(1.0, 1.25, true).worse_percent < 0.0);
        assert_eq!(Move::new(String::new(), 0.0, 1.0, true), None);
    }
}
