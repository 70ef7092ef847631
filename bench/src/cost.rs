//! What a server is and what a request costs it, counted from outside: by the kernel's own accounts,
//! by strace and by a library in front of malloc.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::Context;
use harness::strace::Strace;

use crate::interrupt;
use crate::memory;
use crate::options::Protocol;
use crate::order::{Length, Usage};
use crate::results::server::{Bare, Cost, Memory, Side, Stage};
use crate::results::timing::{Placement, Question, Spread};
use crate::run::Bench;
use crate::server::{Server, Settings};
use crate::subject::Subject;
use crate::team::Team;
use crate::{lines, usage};

/// Requests before anything is counted.
const WARM_UP: u64 = 1000;
/// How often threads are counted while clients ask.
const LOOK: Duration = Duration::from_millis(5);
/// Clients that ask meanwhile.
const CROWD: usize = 16;
/// What one client asks before its server's memory is looked at once more: 10 000 requests.
const MIXTURE: [(Question, u64); 3] =
    [(Question::View, 9000), (Question::List, 900), (Question::Reserve, 100)];

/// Counts everything of one server that needs no clock.
///
/// # Errors
/// If it fails.
pub fn measure(bench: &mut Bench, subject: &Subject) -> anyhow::Result<Stage> {
    bench.say(&format!("{}: memory and calls", subject.name));
    bench.cpus.enter(Placement::OneCpu)?;
    let stage = count(bench, subject);
    bench.cpus.enter(Placement::Free)?;
    bench.step(1);
    stage
}

/// Counts what the bare exchange costs.
///
/// # Errors
/// If it fails.
pub fn measure_bare(bench: &mut Bench, subject: &Subject) -> anyhow::Result<Bare> {
    bench.say(&format!("{}: calls", subject.name));
    bench.cpus.enter(Placement::OneCpu)?;
    let view = per_view(bench, subject);
    bench.cpus.enter(Placement::Free)?;
    Ok(Bare { name: subject.name.clone(), view: view? })
}

fn count(bench: &Bench, subject: &Subject) -> anyhow::Result<Stage> {
    let settings = Settings::default();
    let mechanism = subject.mechanism().context("only servers are counted")?;
    let mut starts = Vec::new();
    for _ in 0..bench.starts {
        let server = Server::start(subject, bench.work(), &settings)?;
        starts.push(server.start.as_secs_f64() * 1000.0);
        server.stop(subject)?;
    }
    let mut server = Server::start(subject, bench.work(), &settings)?;
    let memory_at_rest = memory::of(&server, bench.kernel_stack_kib)?;
    let (processes, threads_at_rest) = (server.pids().len(), server.n_threads());
    let memory_after = after_requests(bench, subject, &server);
    let memory_after = server.explain(subject, memory_after)?;
    let threads_under_16 = crowd(bench, subject, &server);
    let threads_under_16 = server.explain(subject, threads_under_16)?;
    server.stop(subject)?;
    let folder = subject.which().map(|stage| harness::c::root().join(stage.package()).join("src"));
    Ok(Stage {
        name: subject.name.clone(),
        protocol: Protocol::name(mechanism).to_owned(),
        bare: subject.floor().map(|bare| Subject::bare(bare).name).unwrap_or_default(),
        processes,
        threads_at_rest,
        threads_under_16,
        memory_at_rest,
        memory_after,
        start_ms: Spread::of(starts),
        lines_of_code: folder.map(|folder| lines::of(&folder)).transpose()?,
        view: per_view(bench, subject)?,
    })
}

fn after_requests(bench: &Bench, subject: &Subject, server: &Server) -> anyhow::Result<Memory> {
    let mut team = Team::start(subject, &server.dir(), 1)?;
    for (question, count) in MIXTURE {
        team.ask_times(question, count)?;
    }
    let memory = memory::of(server, bench.kernel_stack_kib)?;
    team.stop()?;
    Ok(memory)
}

/// The most threads that the server has while 16 clients ask.
fn crowd(bench: &Bench, subject: &Subject, server: &Server) -> anyhow::Result<usize> {
    let mut team = Team::start(subject, &server.dir(), CROWD)?;
    let until = Instant::now() + bench.segment;
    let time = bench.segment.as_nanos() as u64;
    team.order(Question::View, None, |begin| Length::Until(begin + time))?;
    let mut most = 0;
    while Instant::now() < until {
        most = most.max(server.n_threads());
        interrupt::pause(LOOK)?;
    }
    team.collect()?;
    team.stop()?;
    Ok(most)
}

/// What a VIEW costs both sides.
fn per_view(bench: &Bench, subject: &Subject) -> anyhow::Result<Cost> {
    let n = bench.counted;
    // A server that has ended tells what all of its threads have used, the dead ones too; two of
    // them, one with more requests, what a request makes of it.
    let (few, _) = used(bench, subject, n)?;
    let (many, client) = used(bench, subject, 2 * n)?;
    let mut server = side(many - few, n);
    let mut client = side(client, 2 * n);
    if let Some([of_server, of_client]) = calls(bench, subject)? {
        (server.calls, server.calls_by_name) = of_server;
        (client.calls, client.calls_by_name) = of_client;
    }
    server.allocations = allocations(bench, subject)?;
    Ok(Cost { server, client })
}

/// What the server of so many VIEWs has used in its life, and its client for them.
fn used(bench: &Bench, subject: &Subject, n: u64) -> anyhow::Result<(Usage, Usage)> {
    let server = Server::start(subject, bench.work(), &Settings::default())?;
    let mut team = Team::start(subject, &server.dir(), 1)?;
    team.ask_times(Question::View, WARM_UP)?;
    let client = team.ask_times(Question::View, n)?[0].usage;
    team.stop()?;
    let before = usage::of_ended_children();
    server.stop(subject)?;
    Ok((usage::of_ended_children() - before, client))
}

fn side(usage: Usage, n: u64) -> Side {
    // Two starts of a server differ by some faults, so that the difference may be below zero.
    let each = |sum: f64| Some((sum / n as f64).max(0.0));
    Side {
        cpu_us: each(usage.cpu_us),
        switches: each(usage.switches),
        faults: each(usage.faults),
        ..Side::default()
    }
}

/// Calls made less often belong to timers: a client's alarm, a server's look around.
const STEADY_MIN: f64 = 0.1;

/// Calls per request, all and by name.
type Calls = (Option<f64>, BTreeMap<String, f64>);

/// The system calls of both sides; None if this machine has no strace.
fn calls(bench: &Bench, subject: &Subject) -> anyhow::Result<Option<[Calls; 2]>> {
    let server = Server::start(subject, bench.work(), &Settings::default())?;
    let mut team = Team::start(subject, &server.dir(), 1)?;
    team.ask_times(Question::View, WARM_UP)?;
    let attach = |pids: &[i32]| Strace::attach("bench: system calls", pids, &["-c"]);
    let (Some(of_server), Some(of_client)) = (attach(&server.pids()), attach(&team.pids())) else {
        return Ok(None);
    };
    team.ask_times(Question::View, bench.traced)?;
    let calls = [of_server.finish(), of_client.finish()].map(|text| parse(&text, bench.traced));
    team.stop()?;
    server.stop(subject)?;
    Ok(Some(calls))
}

/// The summary of `strace -c`: the fourth word is the number of calls, the fifth, where there are
/// six, that of those that have failed, and the last one the name. A call that an alarm has
/// interrupted fails and is made again.
fn parse(summary: &str, n: u64) -> Calls {
    let row = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let calls: f64 = words.get(3)?.parse().ok()?;
        let failed = words.get(4).filter(|_| words.len() == 6).and_then(|word| word.parse().ok());
        let name = (*words.last()?).to_owned();
        Some((name, (calls - failed.unwrap_or(0.0)) / n as f64))
    };
    let mut calls: BTreeMap<String, f64> = summary.lines().filter_map(row).collect();
    let total = calls.remove("total");
    calls.retain(|_, each| *each >= STEADY_MIN);
    (total.map(|_| calls.values().sum()), calls)
}

/// Allocations of the server for each VIEW; None if this machine has no C compiler.
fn allocations(bench: &Bench, subject: &Subject) -> anyhow::Result<Option<f64>> {
    let Some(allocations) = &bench.allocations else { return Ok(None) };
    let settings = Settings { environment: allocations.environment(), ..Settings::default() };
    let server = Server::start(subject, bench.work(), &settings)?;
    let mut team = Team::start(subject, &server.dir(), 1)?;
    team.ask_times(Question::View, WARM_UP)?;
    let before = allocations.count()?;
    team.ask_times(Question::View, bench.counted)?;
    let each = (allocations.count()? - before) as f64 / bench.counted as f64;
    team.stop()?;
    server.stop(subject)?;
    Ok(Some(each))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_of_strace_is_read_by_its_columns() {
        let summary = "% time     seconds  usecs/call     calls    errors syscall\n\
             ------ ----------- ----------- --------- --------- ----------------\n\
             \u{20}60.00    0.000600           0      1000           write\n\
             \u{20}40.00    0.000400           0      1010        10 read\n\
             \u{20} 0.00    0.000000           0         4           poll\n\
             ------ ----------- ----------- --------- --------- ----------------\n\
             100.00    0.001000           0      2014        10 total\n";
        let (total, calls) = parse(summary, 1000);
        assert_eq!(total, Some(2.0));
        assert_eq!(calls.len(), 2);
        assert_eq!((calls["read"], calls["write"]), (1.0, 1.0));
    }
}
