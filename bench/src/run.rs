//! A whole run: what is measured, in which order, and what it comes to.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use tempfile::TempDir;
use tests::leftovers;

use crate::allocations::Allocations;
use crate::bare::Bare;
use crate::noise::FOREIGN_MAX_PERCENT;
use crate::options::Options;
use crate::place::Cpus;
use crate::results::{Method, Results, SCHEMA};
use crate::subject::Subject;
use crate::{bars, connections, cost, host, interrupt, memory, plan, programs, ratios};

/// Rounds of each group if nobody asks for another number.
const ROUNDS: usize = 5;

/// What all measurements share.
#[derive(Debug)]
pub struct Bench {
    /// Where processes run.
    pub cpus: Cpus,
    /// Rounds of each group.
    pub rounds: usize,
    /// How long a turn lasts.
    pub segment: Duration,
    /// Starts of each server that are timed.
    pub starts: usize,
    /// Requests over which allocations, switches and CPU are counted.
    pub counted: u64,
    /// Requests that strace watches.
    pub traced: u64,
    /// KiB of a thread's stack in the kernel.
    pub kernel_stack_kib: u64,
    /// Idle connections.
    pub connections: usize,
    /// Counts allocations, if there is a C compiler.
    pub allocations: Option<Allocations>,
    progress: ProgressBar,
    work: TempDir,
    all_rounds: usize,
    dirty_rounds: usize,
}

impl Bench {
    /// Below it every server has its DIR.
    pub fn work(&self) -> &Path {
        self.work.path()
    }

    /// Shows how far it has come, of so many turns.
    pub fn begin(&self, turns: usize) {
        self.progress.set_length(turns as u64);
        self.progress.enable_steady_tick(Duration::from_millis(500));
    }

    /// Takes that off the terminal.
    pub fn end(&self) {
        self.progress.finish_and_clear();
    }

    /// Rounds that count, and how many of them were dirty.
    pub fn rounds_so_far(&self) -> (usize, usize) {
        (self.all_rounds, self.dirty_rounds)
    }

    /// Says what is being measured.
    pub fn say(&self, what: &str) {
        self.progress.set_message(what.to_owned());
    }

    /// Some turns are done.
    pub fn step(&self, turns: usize) {
        self.progress.inc(turns as u64);
    }

    /// Adds up how many rounds count, and how many of them were dirty.
    pub fn count_rounds(&mut self, all: usize, dirty: usize) {
        self.all_rounds += all;
        self.dirty_rounds += dirty;
    }

    /// Blocks Ctrl-C, and prepares a directory, the CPUs and the counter of allocations.
    ///
    /// # Errors
    /// If one of them cannot be had.
    pub fn new(options: &Options, rounds: usize) -> anyhow::Result<Bench> {
        interrupt::block()?;
        // What a killed server leaves behind goes with the namespace, if we may have one.
        leftovers::enter_namespace();
        fs::create_dir_all(&options.out)
            .with_context(|| format!("cannot make {}", options.out.display()))?;
        // In the report's directory: on the user's disk, where a sync is one.
        let work = tempfile::Builder::new()
            .prefix(".work-")
            .tempdir_in(&options.out)
            .context("cannot make a directory")?;
        let style = ProgressStyle::with_template("{elapsed:>4} {wide_bar} {percent:>3} %  {msg}");
        let progress = ProgressBar::new(0).with_style(style.context("the template is legal")?);
        let quick = options.quick;
        let segment_ms = if quick { 30 } else { 400 };
        Ok(Bench {
            cpus: Cpus::find(work.path())?,
            rounds: options.rounds.unwrap_or(rounds).max(1),
            segment: Duration::from_millis(options.segment.unwrap_or(segment_ms)),
            starts: if quick { 3 } else { 11 },
            counted: if quick { 2_000 } else { 20_000 },
            traced: if quick { 500 } else { 2_000 },
            kernel_stack_kib: memory::kernel_stack_kib()?,
            connections: options.connections,
            allocations: Allocations::prepare(work.path())?,
            progress,
            work,
            all_rounds: 0,
            dirty_rounds: 0,
        })
    }
}

/// Measures everything that was asked for.
///
/// # Errors
/// If a server fails, or this process is asked to end.
pub fn run(options: &Options) -> anyhow::Result<Results> {
    let subjects = subjects(options)?;
    let begin = Instant::now();
    let mut bench = Bench::new(options, ROUNDS)?;
    let host = host::look(&bench.cpus, bench.work())?;
    let timed = !options.counts;
    let mut groups = if timed { plan::groups(&bench, &subjects) } else { Vec::new() };
    groups.retain(|group| group.name.contains(&options.groups));
    let turns: usize = groups.iter().map(|group| group.turns.len() * bench.rounds).sum();
    let idle: Vec<&Subject> =
        subjects.iter().filter(|subject| timed && connections::can_be_idle(subject)).collect();
    let idle = if connections::GROUP.contains(&options.groups) { idle } else { Vec::new() };
    let steps = turns + subjects.len() + idle.len() * bench.rounds;
    bench.begin(steps);
    let mut stages = Vec::new();
    for subject in &subjects {
        stages.push(cost::measure(&mut bench, subject)?);
    }
    let mut bare = Vec::new();
    for floor in floors(&subjects) {
        bare.push(cost::measure_bare(&mut bench, &Subject::bare(floor))?);
    }
    let mut timings = Vec::new();
    for group in &groups {
        timings.extend(group.measure(&mut bench)?);
    }
    let mut connections = Vec::new();
    for subject in idle {
        connections.push(connections::measure(&mut bench, subject)?);
    }
    bench.end();
    let mut results = Results {
        schema: SCHEMA,
        host,
        method: Method {
            quick: options.quick,
            rounds: bench.rounds,
            segment_ms: bench.segment.as_millis() as u64,
            foreign_max_percent: FOREIGN_MAX_PERCENT,
            dirty_rounds: bench.dirty_rounds,
            all_rounds: bench.all_rounds,
            seconds: begin.elapsed().as_secs_f64(),
        },
        ratios: ratios::of(&stages, &timings),
        stages,
        bare,
        timings,
        connections,
        bars: Vec::new(),
    };
    results.bars = bars::of(&results);
    Ok(results)
}

/// The bare exchanges of these servers, each once.
fn floors(subjects: &[Subject]) -> Vec<Bare> {
    let mut floors = Vec::new();
    for floor in subjects.iter().filter_map(Subject::floor) {
        if !floors.contains(&floor) {
            floors.push(floor);
        }
    }
    floors
}

fn subjects(options: &Options) -> anyhow::Result<Vec<Subject>> {
    ensure!(options.server.len() == options.protocol.len(), "every --server needs its --protocol");
    let mut subjects = programs::subjects(&options.stages, options.programs.as_deref())?;
    for (program, protocol) in options.server.iter().zip(&options.protocol) {
        let program =
            program.canonicalize().with_context(|| format!("cannot find {}", program.display()))?;
        subjects.push(Subject::foreign(program, protocol.mechanism()));
    }
    ensure!(!subjects.is_empty(), "there is nothing to measure");
    Ok(subjects)
}
