//! The one table that people quote: a row for each server, and one for each baseline.

use crate::output::table::{Column, Table, figures, words};
use crate::output::words::{marked, optional, ratio, us};
use crate::results::counts::{BaselineCounts, Cost, ServerCounts};
use crate::results::file::Results;
use crate::results::group::{Durability, Group, Question};
use crate::results::ratio::{Against, Figure};
use crate::results::row::{Baseline, Exchange, Row};
use crate::results::timing::{Timing, beside, of_server};

/// The columns; what tells the mechanisms apart stays in a narrow table.
const COLUMNS: [Column; 15] = [
    words(""),
    figures("processes,\nthreads (16 cl.)").ranked(9),
    figures("Private_Dirty\n(Pss), KiB").ranked(4),
    figures("VIEW\np50, us"),
    figures("VIEW\np99, us").ranked(5),
    figures("p50 / bare\n(min-max)").ranked(1),
    figures("LIST\np50, us").ranked(8),
    figures("process\ndurable, us").ranked(7),
    figures("durable\nus").ranked(1),
    figures("VIEW/s\n16 clients").ranked(3),
    figures("durable/s\n64 cl.").ranked(2),
    figures("calls +\nswitches").ranked(6),
    figures("CPU\nus").ranked(10),
    figures("start\nms").ranked(11),
    figures("lines").ranked(12),
];

/// The table.
pub fn of(results: &Results) -> Table {
    let mut rows: Vec<Vec<String>> = Vec::new();
    rows.extend(results.servers.iter().map(|counts| server(results, counts)));
    rows.extend(results.baselines.iter().map(|counts| baseline(results, counts)));
    rows.extend(references(results));
    let note = "Latency of one client, everything on one CPU. \"/ bare\": VIEW p50 divided by that of \
        the bare exchange in the same rounds, the median and the spread. Durable: a RESERVE that \
        survives a power cut; of 64 clients that share each sync, and of a baseline with group commit. \
        Calls, switches and CPU are those of a VIEW, server and client together. * marks a figure with \
        a dirty round.";
    Table::new("Side by side", note, &COLUMNS, rows)
}

fn p50(timing: Option<&Timing>) -> String {
    let cell = |row: &Timing| marked(us(row.latency.p50_us), row.dirty_rounds);
    timing.map_or("-".to_owned(), cell)
}

fn p99(timing: Option<&Timing>) -> String {
    let cell = |row: &Timing| marked(us(row.latency.p99_us), row.dirty_rounds);
    timing.map_or("-".to_owned(), cell)
}

fn per_second(timing: Option<&Timing>) -> String {
    let cell = |row: &Timing| marked(format!("{:.0}", row.per_second.median), row.dirty_rounds);
    timing.map_or("-".to_owned(), cell)
}

fn server(results: &Results, counts: &ServerCounts) -> Vec<String> {
    let name = counts.name.as_str();
    let of = |group, question| of_server(&results.timings, group, name, question);
    let process = Group::Reservations { clients: 1, durability: Durability::Process };
    let mut ratios = results.ratios.iter();
    let to_bare = ratios.find(|it| {
        (it.server.as_str(), it.group, it.figure) == (name, Group::LATENCY, Figure::P50)
            && (it.question, it.against) == (Question::View, Against::Bare)
    });
    let view = of(Group::LATENCY, Question::View);
    let dirty = counts.memory_at_rest.private_dirty.max(counts.memory_after.private_dirty);
    vec![
        name.to_owned(),
        format!("{}, {} ({})", counts.processes, counts.threads_at_rest, counts.threads_under_16),
        format!("{dirty} ({})", counts.memory_at_rest.pss.max(counts.memory_after.pss)),
        p50(view),
        p99(view),
        to_bare.map_or("-".to_owned(), |it| marked(ratio(&it.ratio), it.dirty_rounds)),
        p50(of(Group::LATENCY, Question::List)),
        p50(of(process, Question::Reserve)),
        p50(of(Group::durable(1), Question::Reserve)),
        per_second(of(Group::views(16), Question::View)),
        per_second(of(Group::durable(64), Question::Reserve)),
        calls(&counts.view),
        optional(counts.view.both(|side| side.cpu_us), 1),
        format!("{:.1}", counts.start_ms.median),
        counts.lines_of_code.map_or("-".to_owned(), |lines| lines.to_string()),
    ]
}

fn baseline(results: &Results, counts: &BaselineCounts) -> Vec<String> {
    let exchange = counts.exchange;
    let of = |baseline: fn(Exchange) -> Baseline, group, question| {
        let row = Row::Baseline(baseline(exchange));
        beside(&results.timings, group, exchange, &row, question)
    };
    let mut row = empty(exchange.name());
    let view = of(Baseline::plain, Group::LATENCY, Question::View);
    row[3] = p50(view);
    row[4] = p99(view);
    row[5] = "1".to_owned();
    row[6] = p50(of(Baseline::plain, Group::LATENCY, Question::List));
    row[9] = per_second(of(Baseline::plain, Group::views(16), Question::View));
    row[10] = per_second(of(Baseline::group_commit, Group::durable(64), Question::Reserve));
    row[11] = calls(&counts.view);
    row[12] = optional(counts.view.both(|side| side.cpu_us), 1);
    row
}

/// Calls and switches of both sides of a VIEW.
fn calls(view: &Cost) -> String {
    let switches = optional(view.both(|side| side.switches), 1);
    format!("{} + {switches}", optional(view.calls(), 1))
}

/// What needs no server: the table in the process itself, and the disk.
fn references(results: &Results) -> Vec<Vec<String>> {
    let mut rows: Vec<Vec<String>> = Vec::new();
    for timing in results.timings.iter().filter(|timing| timing.group == Group::References) {
        let name = timing.row.name();
        let at = rows.iter().position(|row| row[0] == name).unwrap_or_else(|| {
            rows.push(empty(&name));
            rows.len() - 1
        });
        let column = match timing.question {
            Question::View => 3,
            Question::List => 6,
            Question::Reserve => 8,
        };
        rows[at][column] = p50(Some(timing));
    }
    rows
}

fn empty(name: &str) -> Vec<String> {
    let mut row = vec![String::new(); COLUMNS.len()];
    row[0] = name.to_owned();
    row
}
