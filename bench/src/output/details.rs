//! All tables of a report, in its order.

use crate::output::table::{Table, figures, words};
use crate::output::words::{marked, number, rate, us};
use crate::output::{counts, crowd, summary};
use crate::results::bar::{Bar, Measured, short};
use crate::results::file::Results;
use crate::results::timing::Timing;

/// Those that have something to show.
pub fn all(results: &Results) -> Vec<Table> {
    let mut tables = vec![
        summary::of(results),
        bars(results),
        counts::memory(results),
        counts::cost(results),
        counts::calls(results),
        ratios(results),
        timings(results),
        crowd::crowd(results),
        crowd::peers(results),
        crowd::facts(results),
        crowd::beside(results),
        counts::connections(results),
        counts::watched(results),
    ];
    tables.retain(|table| !table.rows.is_empty());
    tables
}

/// The bars, each with what was measured.
pub fn bars(results: &Results) -> Table {
    let measured = |measured: Measured| {
        let figure = format!("{:.2}", measured.figure);
        let figure = match measured.spread {
            Some((min, max)) => format!("{figure} ({min:.2}-{max:.2})"),
            None => figure,
        };
        marked(figure, usize::from(measured.dirty))
    };
    let row = |bar: &Bar| {
        let sign = if bar.at_least { ">=" } else { "<=" };
        let verdict = match bar.holds() {
            Some(true) => "holds",
            Some(false) => "FALLS SHORT",
            None => "not measured",
        };
        vec![
            bar.number.to_string(),
            number(&bar.stage).to_owned(),
            bar.demand.clone(),
            bar.measured.map_or(String::new(), measured),
            format!("{sign} {:.2}", bar.limit),
            verdict.to_owned(),
        ]
    };
    let n_short = short(&results.bars).len();
    let note = format!(
        "{n_short} of {} fall short. The median of the rounds, with the least and the most.",
        results.bars.len()
    );
    let columns = [
        figures("bar"),
        words("stage"),
        words("demand"),
        figures("measured"),
        figures("limit"),
        words(""),
    ];
    Table::new("Bars", &note, &columns, results.bars.iter().map(row).collect())
}

fn ratios(results: &Results) -> Table {
    let rows = results.ratios.iter().map(|it| {
        vec![
            it.server.clone(),
            it.group.name(),
            it.question.name().to_owned(),
            it.figure.name().to_owned(),
            it.against.name(&it.server, it.exchange),
            marked(format!("{:.2}", it.ratio.median), it.dirty_rounds),
            format!("{:.2}-{:.2}", it.ratio.min, it.ratio.max),
        ]
    });
    let note = "Each server against a baseline of the same rounds, A B A B: the median of the \
        rounds' quotients, the least and the most.";
    let columns = [
        words(""),
        words("group"),
        words("question"),
        words("figure"),
        words("against"),
        figures("ratio"),
        figures("min-max"),
    ];
    Table::new("Ratios", note, &columns, rows.collect())
}

fn timings(results: &Results) -> Table {
    let row = |timing: &Timing| {
        let latency = &timing.latency;
        vec![
            timing.group.name(),
            timing.row.name(),
            timing.question.name().to_owned(),
            timing.clients.to_string(),
            latency.samples.to_string(),
            marked(us(latency.p50_us), timing.dirty_rounds),
            marked(us(latency.p99_us), timing.dirty_rounds),
            us(latency.p999_us),
            us(latency.max_us),
            rate(&timing.per_second),
        ]
    };
    let note = "Latency in microseconds, of every sample. At a rate the loop is open, and latency \
        counts from the moment a request was due; else it is closed. Per second: the median round, \
        the least and the most.";
    let columns = [
        words("group"),
        words("who"),
        words("question"),
        figures("clients"),
        figures("samples"),
        figures("p50"),
        figures("p99"),
        figures("p99.9"),
        figures("max"),
        figures("per second"),
    ];
    Table::new("Every timing", note, &columns, results.timings.iter().map(row).collect())
}
