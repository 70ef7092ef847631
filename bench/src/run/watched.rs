//! What it costs to be watched: CPU time of `ipctop --watch` beside a server under load.

use std::fs::File;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use clap::Parser;
use harness::stage::Stage;
use nix::sys::signal::Signal;
use nix::time::{clock_getcpuclockid, clock_gettime};
use nix::unistd::{Pid, dup2_stdout};

use crate::clients::Clients;
use crate::context::Context;
use crate::results::counts::Watched;
use crate::results::group::Question;
use crate::results::spread::Spread;
use crate::target::Target;
use crate::target::process::{Process, ourselves};
use crate::target::server::{Server, Settings};

/// The name of these measurements.
pub const GROUP: &str = "watched";
/// Seconds from one look to the next.
const EVERY: &str = "0.5";
/// Clients that ask meanwhile.
pub const CLIENTS: usize = 16;
/// A trial has so many segments, and is not shorter than two looks.
const SEGMENTS: u32 = 10;
const TRIAL_MIN: Duration = Duration::from_secs(1);
/// How long the watcher may take to begin.
const BEGIN_MAX: Duration = Duration::from_secs(60);

/// Whether it is one of the two servers that are watched: one with queues, one with sockets.
pub fn is_watched(target: &Target) -> bool {
    matches!(target.which(), Some(Stage::Q2Msgqueue | Stage::Q5Sockets))
}

/// Measures one stage, with and without a watcher in turn.
///
/// # Errors
/// If the server, a client or the watcher fails.
pub fn measure(context: &Context, target: &Target) -> anyhow::Result<Watched> {
    context.progress.say(&format!("{} {GROUP}", target.name()));
    let time = (context.segment * SEGMENTS).max(TRIAL_MIN);
    let server = Server::start(target, context.work(), &Settings::default())?;
    let mut clients = Clients::start(target, &server.dir(), CLIENTS)?;
    let watcher = start()?;
    // Its first look reads everything; later ones only what has run.
    views(&mut clients, TRIAL_MIN)?;
    let (mut percents, mut without, mut with) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..context.rounds {
        watcher.signal(Signal::SIGSTOP)?;
        without.push(views(&mut clients, time)?);
        watcher.signal(Signal::SIGCONT)?;
        let (before, begin) = (cpu_time(&watcher)?, Instant::now());
        with.push(views(&mut clients, time)?);
        let used = cpu_time(&watcher)?.saturating_sub(before);
        percents.push(used.as_secs_f64() * 100.0 / begin.elapsed().as_secs_f64());
        context.progress.step(1);
    }
    clients.stop()?;
    server.stop(target)?;
    let [cpu_percent, without, with] = [percents, without, with].map(Spread::of);
    Ok(Watched { server: target.name(), clients: CLIENTS, cpu_percent, without, with })
}

fn start() -> anyhow::Result<Process> {
    let mut watcher = Process::start("the watcher".to_owned(), ourselves()?.arg("watch"))?;
    let line = watcher.read_line(BEGIN_MAX)?;
    ensure!(line == "ready", "the watcher says {line:?}");
    Ok(watcher)
}

/// VIEWs per second of all clients.
fn views(clients: &mut Clients, time: Duration) -> anyhow::Result<f64> {
    let done = clients.ask_for(Question::View, time, None)?;
    let count: u64 = done.iter().flat_map(|done| &done.samples).map(|(_, count)| count).sum();
    let elapsed_ns = done.iter().map(|done| done.elapsed_ns).max().unwrap_or(1).max(1);
    Ok(count as f64 * 1e9 / elapsed_ns as f64)
}

fn cpu_time(process: &Process) -> anyhow::Result<Duration> {
    let clock = clock_getcpuclockid(Pid::from_raw(process.pid()));
    let time = clock.and_then(clock_gettime).context("cannot read the watcher's CPU time")?;
    Ok(time.into())
}

/// The watcher: does what the program `ipctop` does, and writes its looks to nobody.
///
/// # Errors
/// If it cannot look.
pub fn watch() -> anyhow::Result<u8> {
    println!("ready");
    let nobody = File::options().write(true).open("/dev/null").context("cannot open /dev/null")?;
    dup2_stdout(&nobody).context("cannot redirect the output")?;
    let options = ipctop::options::Options::parse_from(["ipctop", "--watch", EVERY]);
    ipctop::run::run(&options)?;
    Ok(0)
}
