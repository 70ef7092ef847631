//! A few connections beside a burden: what they notice of 60 that reserve, of a slow reader, of half a
//! request on 1000 connections, of a flood.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use clap::ValueEnum;

use crate::clients::order::{Done, Length};
use crate::clients::{Clients, load, wire_of};
use crate::context::Context;
use crate::results::beside::{ACTIVE, BURDENS, Beside, Burden, RESERVING, SILENT};
use crate::results::group::{Affinity, Question, is_named};
use crate::results::spread::Spread;
use crate::run::crowd;
use crate::target::Target;
use crate::target::process::{Process, ourselves};
use crate::target::server::{Server, Settings};

/// The name of these measurements.
pub const GROUP: &str = "crowd beside a burden";
/// A trial has so many segments, and is not shorter: a percentile needs samples.
const SEGMENTS: u32 = 2;
const TRIAL_MIN: Duration = Duration::from_millis(100);
/// How long a burden may take to begin.
const BEGIN_MAX: Duration = Duration::from_secs(60);

/// Those that are measured: servers with sockets, and the plain one, which falls at all burdens but the
/// first.
pub fn targets(targets: &[Target], wanted: &[String]) -> Vec<Target> {
    if !is_named(GROUP, wanted) {
        return Vec::new();
    }
    let servers = targets.iter().filter(|it| it.program().is_some() && wire_of(it).is_some());
    servers.flat_map(|it| [Some(it.clone()), crowd::plain(it)]).flatten().collect()
}

/// How many rounds there are of each of them.
pub fn rounds(context: &Context) -> usize {
    2 * context.rounds
}

/// Measures all of them in turn, round by round.
///
/// # Errors
/// If a server or a client fails, or a server has not done what it has acknowledged.
pub fn measure(context: &Context, targets: &[Target]) -> anyhow::Result<Vec<Beside>> {
    context.progress.say(GROUP);
    context.cpus.enter(Affinity::Free)?;
    let start = |target| Deployment::start(context, target);
    let mut all = targets.iter().map(start).collect::<anyhow::Result<Vec<_>>>()?;
    for _ in 0..rounds(context) {
        for one in &mut all {
            one.round(context)?;
            context.progress.step(1);
        }
    }
    let mut results = Vec::new();
    for one in all {
        results.extend(one.finish()?);
    }
    Ok(results)
}

/// A server and those who ask it.
struct Deployment<'a> {
    target: &'a Target,
    server: Server,
    active: Clients,
    reserving: Clients,
    sold: i64,
    /// Of each burden, of each round: p50, p99, and p99 divided by that without it.
    figures: Vec<(Burden, [Vec<f64>; 3])>,
}

impl Deployment<'_> {
    fn start<'a>(context: &Context, target: &'a Target) -> anyhow::Result<Deployment<'a>> {
        let settings = Settings { log_level: Some("warn"), ..Settings::default() };
        let settings = settings.with_room(ACTIVE + RESERVING + SILENT + 1);
        let server = Server::start(target, context.work(), &settings)?;
        let active = Clients::multiplexed(target, &server.dir(), ACTIVE)?;
        let reserving = Clients::multiplexed(target, &server.dir(), RESERVING)?;
        let is_plain = target.name().ends_with("plain");
        let burdens = BURDENS.iter().filter(|it| !is_plain || **it == Burden::Reservations);
        let figures = burdens.map(|it| (*it, Default::default())).collect();
        Ok(Deployment { target, server, active, reserving, sold: 0, figures })
    }

    fn round(&mut self, context: &Context) -> anyhow::Result<()> {
        let time = (context.segment * SEGMENTS).max(TRIAL_MIN);
        for at in 0..self.figures.len() {
            let burden = self.figures[at].0;
            let without = views(&mut self.active, time);
            let (_, without) = self.server.explain(self.target, without)?;
            let beside = self.beside(burden, time);
            let beside = beside.with_context(|| format!("beside {}", burden.name()));
            let (p50, p99) = self.server.explain(self.target, beside)?;
            let [p50s, p99s, ratios] = &mut self.figures[at].1;
            p50s.push(p50);
            p99s.push(p99);
            ratios.push(p99 / without);
        }
        Ok(())
    }

    /// VIEW p50 and p99 beside a burden, in microseconds.
    fn beside(&mut self, burden: Burden, time: Duration) -> anyhow::Result<(f64, f64)> {
        if burden == Burden::Reservations {
            let time_ns = time.as_nanos() as u64;
            self.reserving
                .order(Question::Reserve, None, |begin| Length::Until(begin + time_ns))?;
            let figures = views(&mut self.active, time)?;
            let done = self.reserving.collect()?;
            self.sold += count(&done);
            return Ok(figures);
        }
        let mut process = begin(burden, &self.server)?;
        let figures = views(&mut self.active, time)?;
        process.stop(None)?;
        Ok(figures)
    }

    fn finish(self) -> anyhow::Result<Vec<Beside>> {
        self.active.stop()?;
        self.reserving.stop()?;
        self.server.verify_sold(self.target, self.sold)?;
        self.server.stop(self.target)?;
        let server = self.target.name();
        let of = |(burden, figures): (Burden, [Vec<f64>; 3])| {
            let [p50_us, p99_us, p99_ratio] = figures.map(Spread::of);
            Beside { server: server.clone(), burden, p50_us, p99_us, p99_ratio }
        };
        Ok(self.figures.into_iter().map(of).collect())
    }
}

/// VIEW p50 and p99 in microseconds.
fn views(clients: &mut Clients, time: Duration) -> anyhow::Result<(f64, f64)> {
    let mut histogram = load::histogram();
    for done in clients.ask_for(Question::View, time, None)? {
        for (value, count) in done.samples {
            histogram.record_n(value, count).context("cannot record a latency")?;
        }
    }
    let us = |quantile| histogram.value_at_quantile(quantile) as f64 / 1000.0;
    Ok((us(0.5), us(0.99)))
}

fn count(done: &[Done]) -> i64 {
    done.iter().flat_map(|done| &done.samples).map(|(_, count)| *count as i64).sum()
}

/// A burden's process. It has the lowest priority: on a machine of its own it would take no CPU of the
/// server's.
fn begin(burden: Burden, server: &Server) -> anyhow::Result<Process> {
    let value = burden.to_possible_value().context("it has a name")?;
    let mut command = Command::new("nice");
    command.args(["-n", "19"]).arg(ourselves()?.get_program());
    command.arg("burden").arg(value.get_name()).arg(server.dir());
    let mut process = Process::start(burden.name(), &mut command)?;
    let line = process.read_line(BEGIN_MAX)?;
    ensure!(line == "ready", "{} says {line:?}", burden.name());
    Ok(process)
}
