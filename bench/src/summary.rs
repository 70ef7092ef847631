//! The one table that people quote: a row for each server, and one for each bare exchange.

use crate::grid::{Grid, grid, us};
use crate::plan::{self, FLOORS};
use crate::results::Results;
use crate::results::server::{Bare, Cost, Side, Stage};
use crate::results::timing::{Question, Timing};

/// The columns.
const HEAD: [&str; 15] = [
    "",
    "processes,\nthreads (16 cl.)",
    "Pss (dirty)\nKiB",
    "VIEW\np50",
    "\np99",
    "/ bare",
    "LIST\np50",
    "RESERVE\nprocess",
    "RESERVE\ndurable",
    "VIEW/s\n16 clients",
    "durable/s\n64 clients",
    "calls +\nswitches",
    "CPU\nus",
    "start\nms",
    "lines",
];

/// The table.
pub fn of(results: &Results) -> Grid {
    let mut rows: Vec<Vec<String>> = Vec::new();
    for stage in &results.stages {
        rows.push(server(results, stage));
    }
    rows.extend(results.bare.iter().map(|bare| exchange(results, bare)));
    rows.extend(floors(results));
    let note = "Latency in microseconds, one client, everything on one CPU. \"/ bare\" is the median \
        ratio of VIEW p50 to the bare exchange of the same rounds. RESERVE process survives the \
        death of any process, RESERVE durable a power cut too. Calls, switches and CPU per VIEW, \
        server and client together.";
    grid("Side by side", note, &HEAD, rows)
}

fn server(results: &Results, stage: &Stage) -> Vec<String> {
    let group = |what: &str| plan::name(&stage.name, what);
    let find = |what: &str, question| find(results, &group(what), &stage.name, question);
    let p50 = |timing: Option<&Timing>| timing.map_or("-".to_owned(), |row| us(row.latency.p50_us));
    let rate = |timing: Option<&Timing>| {
        timing.map_or("-".to_owned(), |row| format!("{:.0}", row.per_second.median))
    };
    let view = find("latency", Question::View);
    let mut ratios = results.ratios.iter();
    let ratio = ratios.find(|ratio| {
        ratio.group == group("latency") && ratio.figure == "p50" && ratio.question == Question::View
    });
    let (rest, cost) = (&stage.memory_at_rest, &stage.view);
    let [calls, cpu] = cost_of(cost);
    vec![
        stage.name.clone(),
        format!("{}, {} ({})", stage.processes, stage.threads_at_rest, stage.threads_under_16),
        format!("{} ({})", rest.pss, rest.private_dirty),
        p50(view),
        view.map_or("-".to_owned(), |row| us(row.latency.p99_us)),
        ratio.map_or("-".to_owned(), |ratio| format!("{:.2}", ratio.ratio.median)),
        p50(find("latency", Question::List)),
        p50(find("process-durable, 1 client", Question::Reserve)),
        p50(find("durable, 1 client", Question::Reserve)),
        rate(find("16 clients", Question::View)),
        rate(find("durable, 64 clients", Question::Reserve)),
        calls,
        cpu,
        format!("{:.1}", stage.start_ms.median),
        stage.lines_of_code.map_or("-".to_owned(), |lines| lines.to_string()),
    ]
}

/// A bare exchange: as it was measured beside the first stage that is compared with it.
fn exchange(results: &Results, bare: &Bare) -> Vec<String> {
    let name = bare.name.as_str();
    let stage = results.stages.iter().find(|stage| stage.bare == name);
    let stage = stage.map_or("", |stage| stage.name.as_str());
    let find = |what: &str, question| find(results, &plan::name(stage, what), name, question);
    let mut row = empty(name);
    let [calls, cpu] = cost_of(&bare.view);
    (row[11], row[12]) = (calls, cpu);
    if let Some(view) = find("latency", Question::View) {
        row[3] = us(view.latency.p50_us);
        row[4] = us(view.latency.p99_us);
        row[5] = "1".to_owned();
    }
    if let Some(list) = find("latency", Question::List) {
        row[6] = us(list.latency.p50_us);
    }
    if let Some(crowd) = find("16 clients", Question::View) {
        row[9] = format!("{:.0}", crowd.per_second.median);
    }
    row
}

/// Calls and switches, and CPU, of both sides of a VIEW.
fn cost_of(cost: &Cost) -> [String; 2] {
    let both = |figure: fn(&Side) -> Option<f64>| {
        let sum = figure(&cost.server).zip(figure(&cost.client));
        sum.map_or("-".to_owned(), |(server, client)| format!("{:.1}", server + client))
    };
    let calls = format!("{} + {}", both(|side| side.calls), both(|side| side.switches));
    [calls, both(|side| side.cpu_us)]
}

/// What needs no server: the table in the process itself, and the disk.
fn floors(results: &Results) -> Vec<Vec<String>> {
    let mut rows: Vec<Vec<String>> = Vec::new();
    for timing in results.timings.iter().filter(|timing| timing.group == FLOORS) {
        let at = rows.iter().position(|row| row[0] == timing.subject).unwrap_or_else(|| {
            rows.push(empty(&timing.subject));
            rows.len() - 1
        });
        let column = match timing.question {
            Question::View => 3,
            Question::List => 6,
            Question::Reserve => 8,
        };
        rows[at][column] = format!("{:.2}", timing.latency.p50_us);
    }
    rows
}

fn empty(name: &str) -> Vec<String> {
    let mut row = vec![String::new(); HEAD.len()];
    row[0] = name.to_owned();
    row
}

fn find<'a>(
    results: &'a Results,
    group: &str,
    subject: &str,
    question: Question,
) -> Option<&'a Timing> {
    results.timings.iter().find(|timing| {
        timing.group == group && timing.subject == subject && timing.question == question
    })
}
