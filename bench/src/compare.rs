//! An earlier run of the same machine beside this one: what has moved, and what got worse.

use std::fs;
use std::path::Path;

use anyhow::{Context, ensure};

use crate::grid::{Grid, grid};
use crate::results::{Results, SCHEMA};

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
        "turns of {} ms then, of {} ms now: not compared",
        earlier.method.segment_ms,
        now.method.segment_ms
    );
    Ok(earlier)
}

/// What both runs have measured: the ratios, and what does not depend on the clock.
pub fn moves(before: &Results, now: &Results) -> Vec<Move> {
    let mut moves = Vec::new();
    let mut add = |what: String, before: f64, now: f64, more_is_better: bool| {
        if before > 0.0 && now > 0.0 {
            let worse = if more_is_better { before / now } else { now / before };
            moves.push(Move { what, before, now, worse_percent: (worse - 1.0) * 100.0 });
        }
    };
    for ratio in &now.ratios {
        let is_it = |other: &&crate::results::timing::Ratio| {
            (&other.group, &other.against, &other.figure, other.question)
                == (&ratio.group, &ratio.against, &ratio.figure, ratio.question)
        };
        if let Some(earlier) = before.ratios.iter().find(is_it) {
            let what = format!(
                "{}: {:?} {} / {}",
                ratio.group, ratio.question, ratio.figure, ratio.against
            );
            let more_is_better = ratio.figure == "per_second";
            add(what, earlier.ratio.median, ratio.ratio.median, more_is_better);
        }
    }
    for stage in &now.stages {
        let Some(earlier) = before.stages.iter().find(|other| other.name == stage.name) else {
            continue;
        };
        let (then, dirty) = (&earlier.memory_after, stage.memory_after.private_dirty as f64);
        add(format!("{}: Private_Dirty, KiB", stage.name), then.private_dirty as f64, dirty, false);
        let calls = |stage: &crate::results::server::Stage| {
            stage
                .view
                .server
                .calls
                .zip(stage.view.client.calls)
                .map(|(server, client)| server + client)
        };
        if let Some((then, now)) = calls(earlier).zip(calls(stage)) {
            add(format!("{}: system calls of a VIEW", stage.name), then, now, false);
        }
    }
    moves.sort_by(|a, b| b.worse_percent.total_cmp(&a.worse_percent));
    moves
}

/// The moves of more than `threshold` percent, in either direction.
pub fn table(moves: &[Move], threshold: f64) -> Grid {
    let moved = moves.iter().filter(|step| step.worse_percent.abs() > threshold);
    let row = |step: &Move| {
        let word = if step.worse_percent > 0.0 { "worse" } else { "better" };
        vec![
            step.what.clone(),
            format!("{:.2}", step.before),
            format!("{:.2}", step.now),
            format!("{:.0} % {word}", step.worse_percent.abs()),
        ]
    };
    let note = format!(
        "{} figures are in both runs; these moved by more than {threshold} %.",
        moves.len()
    );
    grid(
        "Compared with the earlier run",
        &note,
        &["figure", "before", "now", ""],
        moved.map(row).collect(),
    )
}

/// The moves that count as worse.
pub fn worse(moves: &[Move], threshold: f64) -> usize {
    moves.iter().filter(|step| step.worse_percent > threshold).count()
}
