//! What a VIEW costs, counted from outside: by the kernel's own accounts, by strace and by a library
//! in front of malloc.

use std::collections::BTreeMap;

use harness::strace::Strace;

use crate::clients::Clients;
use crate::context::Context;
use crate::counts::allocations::Allocations;
use crate::machine::usage::{self, Usage};
use crate::results::counts::{Cost, Side};
use crate::results::group::Question;
use crate::target::Target;
use crate::target::server::{Server, Settings};

/// Requests before anything is counted.
const WARM_UP: u64 = 1000;
/// Calls made less often belong to timers: a client's alarm, a server's periodic check.
const STEADY_MIN: f64 = 0.1;

/// What a VIEW costs both sides.
///
/// # Errors
/// If the server fails.
pub fn per_view(
    context: &Context,
    allocations: Option<&Allocations>,
    target: &Target,
) -> anyhow::Result<Cost> {
    let n = context.counted;
    // A server that has ended tells what all of its threads have used, the dead ones too; two of
    // them, one with more requests, what a request makes of it.
    let (few, _) = used(context, target, n)?;
    let (many, client) = used(context, target, 2 * n)?;
    let mut server = side(many - few, n);
    let mut client = side(client, 2 * n);
    if let Some([of_server, of_client]) = calls(context, target)? {
        (server.calls, server.calls_by_name) = of_server;
        (client.calls, client.calls_by_name) = of_client;
    }
    if let Some(allocations) = allocations {
        server.allocations = Some(allocated(context, allocations, target)?);
    }
    Ok(Cost { server, client })
}

/// What the server of so many VIEWs has used in its life, and its client for them.
fn used(context: &Context, target: &Target, n: u64) -> anyhow::Result<(Usage, Usage)> {
    let server = Server::start(target, context.work(), &Settings::default())?;
    let mut clients = Clients::start(target, &server.dir(), 1)?;
    clients.ask_times(Question::View, WARM_UP)?;
    let client = clients.ask_times(Question::View, n)?[0].usage;
    clients.stop()?;
    let before = usage::of_ended_children();
    server.stop(target)?;
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

/// Calls per request, all and by name.
type Calls = (Option<f64>, BTreeMap<String, f64>);

/// The system calls of both sides; None if this machine has no strace.
fn calls(context: &Context, target: &Target) -> anyhow::Result<Option<[Calls; 2]>> {
    let server = Server::start(target, context.work(), &Settings::default())?;
    let mut clients = Clients::start(target, &server.dir(), 1)?;
    clients.ask_times(Question::View, WARM_UP)?;
    let attach = |pids: &[i32]| Strace::attach("bench: system calls", pids, &["-c"]);
    let (Some(of_server), Some(of_client)) = (attach(&server.pids()), attach(&clients.pids()))
    else {
        return Ok(None);
    };
    clients.ask_times(Question::View, context.traced)?;
    let calls = [of_server.finish(), of_client.finish()].map(|text| parse(&text, context.traced));
    clients.stop()?;
    server.stop(target)?;
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

/// Allocations of the server for each VIEW.
fn allocated(context: &Context, allocations: &Allocations, target: &Target) -> anyhow::Result<f64> {
    let settings = Settings { environment: allocations.environment(), ..Settings::default() };
    let server = Server::start(target, context.work(), &settings)?;
    let mut clients = Clients::start(target, &server.dir(), 1)?;
    clients.ask_times(Question::View, WARM_UP)?;
    let before = allocations.count()?;
    clients.ask_times(Question::View, context.counted)?;
    let each = (allocations.count()? - before) as f64 / context.counted as f64;
    clients.stop()?;
    server.stop(target)?;
    Ok(each)
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
