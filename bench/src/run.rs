//! A whole run: what is measured, in which order, and what is made of it.

pub mod beside;
pub mod connections;
pub mod crowd;
pub mod encrypted;
pub mod group;
pub mod peers;
pub mod plan;
pub mod samples;
pub mod two_sets;
pub mod verify;
pub mod watched;
pub mod work;

use std::time::Instant;

use anyhow::{Context as _, ensure};

use crate::context::Context;
use crate::counts::server::Instruments;
use crate::machine::background_load::LOAD_MAX_PERCENT;
use crate::machine::host;
use crate::options::Options;
use crate::output::report;
use crate::results::file::{Results, SCHEMA};
use crate::results::host::Method;
use crate::results::row::{COMPARED, Exchange};
use crate::results::{bars, earlier, ratios};
use crate::run::work::{Timed, Work};
use crate::target::{Target, programs};

/// Rounds of each group if nobody asks for another number.
const ROUNDS: usize = 5;

/// Does what the command line asks for; returns the exit status.
///
/// # Errors
/// If a server fails, or a file cannot be read or written.
pub fn run(options: &Options) -> anyhow::Result<u8> {
    if let [old, new] = &options.compare[..] {
        return two_sets::run(options, old, new);
    }
    let results = measure(options)?;
    report::write(&results, &options.out)?;
    report::print(&results, &options.out, options.wide);
    let mut status = 0;
    if let [path] = &options.compare[..] {
        let before = earlier::read(path, &results)?;
        let moves = earlier::moves(&before, &results);
        report::print_moves(&moves, options.threshold);
        status |= u8::from(earlier::worse(&moves, options.threshold) > 0);
    }
    if options.check {
        status |= u8::from(!report::print_bars(&results));
    }
    Ok(status)
}

/// Measures everything that was asked for.
fn measure(options: &Options) -> anyhow::Result<Results> {
    let mut targets = targets(options)?;
    let begin = Instant::now();
    let mut context = Context::new(options, ROUNDS)?;
    let host = host::describe(&context.cpus, context.work())?;
    for target in &mut targets {
        verify::verify(&context, target)?;
    }
    let work = Work::find(&context, &targets, options)?;
    let exchanges = exchanges(&targets);
    context.progress.begin(work.steps(&context) + targets.len() + exchanges.len());
    let instruments = Instruments::prepare(&context)?;
    let servers = targets.iter().map(|target| instruments.count(&context, target));
    let servers = servers.collect::<anyhow::Result<Vec<_>>>()?;
    let baselines = exchanges.iter().map(|it| instruments.count_baseline(&context, *it));
    let baselines = baselines.collect::<anyhow::Result<Vec<_>>>()?;
    let Timed { timings, connections, watched, beside, encrypted } = work.measure(&mut context)?;
    context.progress.end();
    let (all_rounds, dirty_rounds) = context.rounds_so_far;
    let mut results = Results {
        schema: SCHEMA,
        host,
        method: Method {
            quick: options.quick,
            rounds: context.rounds,
            segment_ms: context.segment.as_millis() as u64,
            load_max_percent: LOAD_MAX_PERCENT,
            dirty_rounds,
            all_rounds,
            seconds: begin.elapsed().as_secs_f64(),
        },
        ratios: ratios::of(&servers, &timings),
        servers,
        baselines,
        timings,
        connections,
        watched,
        beside,
        peers: work.peers,
        encrypted,
        bars: Vec::new(),
    };
    results.bars = bars::of(&results);
    Ok(results)
}

/// The bare exchanges that these servers are compared with.
fn exchanges(targets: &[Target]) -> Vec<Exchange> {
    let is_needed = |exchange: &Exchange| targets.iter().any(|it| it.exchange() == Some(*exchange));
    COMPARED.into_iter().filter(is_needed).collect()
}

fn targets(options: &Options) -> anyhow::Result<Vec<Target>> {
    ensure!(options.server.len() == options.protocol.len(), "every --server needs its --protocol");
    let foreign = options.server.iter().zip(&options.protocol).map(|(program, protocol)| {
        let program =
            program.canonicalize().with_context(|| format!("cannot find {}", program.display()))?;
        Ok(Target::foreign(program, *protocol))
    });
    // Found before anything is built: a mistyped path should not take minutes to be told.
    let foreign = foreign.collect::<anyhow::Result<Vec<_>>>()?;
    let mut targets = programs::targets(&options.stages, options.programs.as_deref())?;
    for target in foreign {
        let of_that_name = targets.iter().filter(|it| it.name() == target.name()).count();
        targets.push(if of_that_name == 0 { target } else { target.numbered(of_that_name + 1) });
    }
    ensure!(!targets.is_empty(), "there is nothing to measure");
    Ok(targets)
}
