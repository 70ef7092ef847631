//! The tables of many connections: the crowd, what people would install instead, and the burdens.

use crate::output::table::{Column, Table, figures, words};
use crate::output::words::{marked, ratio, us};
use crate::results::file::Results;
use crate::results::group::{Group, Question};
use crate::results::peer::{Peer, PeerFacts};
use crate::results::row::{Baseline, Exchange, Row};
use crate::results::timing::Timing;

/// Many connections to the stages and to the bare loop.
pub fn crowd(results: &Results) -> Table {
    let bare = Row::Baseline(Baseline::group_commit(Exchange::Epoll));
    let is_it = |group| matches!(group, Group::Crowd { .. });
    let note = "One client process holds all connections, one request in flight on each, on all CPUs. \
        Every RESERVE is durable, and nobody logs it. Rates are of the median round. \"/ bare\": \
        divided by the bare loop, which syncs once for all that one epoll_wait has told; the median \
        of the quotients of the rounds. Latencies are in microseconds, of every sample.";
    let columns = columns("/ bare", "/ bare ");
    Table::new("Crowd", note, &columns, rows(results, is_it, &bare))
}

/// Many connections to what people would install instead.
pub fn peers(results: &Results) -> Table {
    let is_it = |group| matches!(group, Group::Peers { .. });
    let note = "The same client asks Redis; pgbench -M prepared asks PostgreSQL. SQLite is a library \
        in its only client. Every RESERVE is durable, on the same disk. A server logs reservations \
        only where its row says so. \"/ Redis\": the median of the quotients of the rounds.";
    let columns = columns("/ Redis", "/ Redis ");
    Table::new("Peers", note, &columns, rows(results, is_it, &Row::Peer(Peer::Redis)))
}

/// What was installed, how it was set, and what it is for.
pub fn facts(results: &Results) -> Table {
    let row = |facts: &PeerFacts| {
        let peer = facts.peer;
        let of = [peer.name(), &facts.version, &facts.settings, peer.gives(), peer.lacks()];
        of.map(str::to_owned).to_vec()
    };
    let columns =
        [words(""), words("version"), words("settings"), words("gives"), words("does not give")];
    let note = "As they were set here. \"Gives\" is what no stage has; what it \"does not give\" a stage \
        with sockets has.";
    Table::new("What was installed", note, &columns, results.peers.iter().map(row).collect())
}

/// The same in lines for a terminal.
pub fn facts_in_lines(results: &Results) -> Vec<String> {
    let line =
        |facts: &PeerFacts| format!("{} {}: {}.", facts.peer.name(), facts.version, facts.settings);
    results.peers.iter().map(line).collect()
}

/// What others notice of a burden.
pub fn beside(results: &Results) -> Table {
    let rows = results.beside.iter().map(|row| {
        vec![
            row.server.clone(),
            row.burden.name(),
            us(row.p50_us.median),
            us(row.p99_us.median),
            ratio(&row.p99_ratio),
        ]
    });
    let note = "VIEW of 4 connections meanwhile, in microseconds, the median round; and its p99 divided \
        by that without the burden, in turn.";
    let columns = [
        words(""),
        words("beside"),
        figures("p50"),
        figures("p99"),
        figures("p99 ratio\n(min-max)"),
    ];
    Table::new("Beside a burden", note, &columns, rows.collect())
}

fn columns(view: &'static str, reserve: &'static str) -> [Column; 10] {
    [
        figures("conn."),
        words(""),
        figures("VIEW/s"),
        figures(view).ranked(1),
        figures("p50, us").ranked(3),
        figures("p99, us").ranked(2),
        figures("RESERVE/s"),
        figures(reserve).ranked(1),
        figures("p50, us ").ranked(3),
        figures("p99, us ").ranked(2),
    ]
}

/// A row for each server and number of connections.
fn rows(results: &Results, is_it: impl Fn(Group) -> bool, below: &Row) -> Vec<Vec<String>> {
    let of = |group, row: &Row, question| {
        results.timings.iter().find(|timing| {
            (timing.group, timing.question) == (group, question) && timing.row == *row
        })
    };
    let views = results.timings.iter().filter(|timing| {
        is_it(timing.group)
            && (timing.question == Question::View || is_only_reserved(results, timing))
    });
    let row = |timing: &Timing| {
        let mut cells = vec![timing.clients.to_string(), timing.row.name()];
        for question in [Question::View, Question::Reserve] {
            let below = of(timing.group, below, question);
            cells.extend(cells_of(of(timing.group, &timing.row, question), below));
        }
        cells
    };
    views.map(row).collect()
}

/// Whether this row was asked for nothing but reservations.
fn is_only_reserved(results: &Results, timing: &Timing) -> bool {
    !results.timings.iter().any(|other| {
        (other.group, other.question) == (timing.group, Question::View) && other.row == timing.row
    })
}

/// A rate, its ratio to another one, and two latencies.
fn cells_of(timing: Option<&Timing>, below: Option<&Timing>) -> [String; 4] {
    let Some(timing) = timing else { return ["-", "-", "-", "-"].map(str::to_owned) };
    let mark = |figure| marked(figure, timing.dirty_rounds);
    let quotient = below.map(|below| timing.per_second.over(&below.per_second).median);
    [
        mark(format!("{:.0}", timing.per_second.median)),
        quotient.map_or("-".to_owned(), |quotient| format!("{quotient:.2}")),
        us(timing.latency.p50_us),
        us(timing.latency.p99_us),
    ]
}
