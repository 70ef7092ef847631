//! The tables of a report, as words: the terminal, Markdown and HTML print the same ones.

use crate::bars;
use crate::results::Results;
use crate::results::server::{Cost, Memory, Side, Stage};
use crate::results::timing::{Placement, Spread, Timing};

/// A table.
#[derive(Clone, Debug)]
pub struct Grid {
    /// What it shows.
    pub title: &'static str,
    /// How to read it.
    pub note: String,
    /// The names of its columns.
    pub head: Vec<String>,
    /// Its rows.
    pub rows: Vec<Vec<String>>,
}

/// A grid of these columns.
pub fn grid(title: &'static str, note: &str, head: &[&str], rows: Vec<Vec<String>>) -> Grid {
    let head = head.iter().map(|name| (*name).to_owned()).collect();
    Grid { title, note: note.to_owned(), head, rows }
}

/// All tables behind the first one.
pub fn details(results: &Results) -> Vec<Grid> {
    vec![
        memory(results),
        cost(results),
        calls(results),
        ratios(results),
        timings(results),
        connections(results),
    ]
}

/// The bars, each with what was measured.
pub fn bars(results: &Results) -> Grid {
    let row = |bar: &crate::results::Bar| {
        let sign = if bar.at_least { ">=" } else { "<=" };
        let verdict = match bar.holds() {
            Some(true) => "holds",
            Some(false) => "FALLS SHORT",
            None => "not measured",
        };
        vec![
            bar.number.to_string(),
            bar.stage.clone(),
            bar.demand.clone(),
            bar.measured.map_or(String::new(), |figure| format!("{figure:.2}")),
            format!("{sign} {:.2}", bar.limit),
            verdict.to_owned(),
        ]
    };
    let short = bars::short(&results.bars).len();
    let note = format!("{short} of {} fall short.", results.bars.len());
    let head = ["bar", "stage", "demand", "measured", "limit", ""];
    grid("Bars", &note, &head, results.bars.iter().map(row).collect())
}

fn memory(results: &Results) -> Grid {
    let row = |stage: &Stage, when: &str, memory: &Memory| {
        let kib = [
            memory.rss,
            memory.pss,
            memory.uss,
            memory.private_dirty,
            memory.anonymous,
            memory.kernel,
        ];
        let words = [stage.name.clone(), when.to_owned(), stage.processes.to_string()];
        words.into_iter().chain(kib.iter().map(u64::to_string)).collect()
    };
    let both = |stage: &Stage| {
        [
            row(stage, "at rest", &stage.memory_at_rest),
            row(stage, "after 10 000 requests", &stage.memory_after),
        ]
    };
    let note = "KiB, summed over a server's processes. Rss counts a page that three processes share \
        three times, Pss once: look at both. Private_Dirty is what the kernel cannot take back. \
        Most of Pss is clean pages of the program and of libraries, which it can. Kernel is a stack \
        for each thread and the page tables.";
    let head =
        ["stage", "", "processes", "Rss", "Pss", "Uss", "Private_Dirty", "Anonymous", "kernel"];
    grid("Memory", note, &head, results.stages.iter().flat_map(both).collect())
}

/// Every server and every bare exchange, and what a VIEW costs it.
fn costs(results: &Results) -> impl Iterator<Item = (&str, &Cost)> {
    let stages = results.stages.iter().map(|stage| (stage.name.as_str(), &stage.view));
    stages.chain(results.bare.iter().map(|bare| (bare.name.as_str(), &bare.view)))
}

fn cost(results: &Results) -> Grid {
    let row = |name: &str, who: &str, side: &Side| {
        let figures = [side.calls, side.switches, side.cpu_us, side.faults, side.allocations];
        let words = [name.to_owned(), who.to_owned()];
        words.into_iter().chain(figures.iter().map(|&figure| optional(figure))).collect()
    };
    let both = |(name, cost): (&str, &Cost)| {
        [row(name, "server", &cost.server), row(name, "client", &cost.client)]
    };
    let note = "Per VIEW, one client asking without a pause on one CPU. Calls by strace; switches, \
        CPU and faults from the accounts of processes that have ended, their dead threads included; \
        allocations by a library in front of malloc.";
    let head = ["stage", "", "system calls", "switches", "CPU us", "page faults", "allocations"];
    grid("What a VIEW costs", note, &head, costs(results).flat_map(both).collect())
}

fn calls(results: &Results) -> Grid {
    let names = |side: &Side| {
        let each = side.calls_by_name.iter().map(|(name, each)| format!("{name} {each:.1}"));
        each.collect::<Vec<_>>().join(", ")
    };
    let row = |(name, cost): (&str, &Cost)| {
        vec![name.to_owned(), names(&cost.server), names(&cost.client)]
    };
    let head = ["stage", "server", "client"];
    let rows = costs(results).map(row).collect();
    grid(
        "System calls of a VIEW, by name",
        "Those made in at least one of ten requests.",
        &head,
        rows,
    )
}

fn ratios(results: &Results) -> Grid {
    let rows = results.ratios.iter().map(|ratio| {
        vec![
            ratio.group.clone(),
            format!("{:?}", ratio.question).to_uppercase(),
            ratio.figure.clone(),
            ratio.against.clone(),
            format!("{:.2}", ratio.ratio.median),
            format!("{:.2} - {:.2}", ratio.ratio.min, ratio.ratio.max),
        ]
    });
    let note = "Each server against a bare row of the same rounds, A B A B: the median of the \
        rounds' quotients, the least and the most.";
    let head = ["group", "question", "figure", "against", "ratio", "min - max"];
    grid("Ratios", note, &head, rows.collect())
}

fn timings(results: &Results) -> Grid {
    let row = |timing: &Timing| {
        let latency = &timing.latency;
        vec![
            timing.group.clone(),
            timing.subject.clone(),
            format!("{:?}", timing.question).to_uppercase(),
            placement(timing.placement).to_owned(),
            timing.clients.to_string(),
            timing.rate.map_or(String::new(), |rate| format!("{rate}/s")),
            latency.samples.to_string(),
            us(latency.p50_us),
            us(latency.p99_us),
            us(latency.p999_us),
            us(latency.max_us),
            spread(&timing.per_second),
        ]
    };
    let note = "Latency in microseconds, of every sample. With a rate the loop is open, and latency \
        counts from the moment a request was due; without one it is closed. Per second: the median \
        round, the least and the most.";
    let head = [
        "group",
        "what",
        "question",
        "where",
        "clients",
        "rate",
        "samples",
        "p50",
        "p99",
        "p99.9",
        "max",
        "per second",
    ];
    grid("Every timing", note, &head, results.timings.iter().map(row).collect())
}

fn connections(results: &Results) -> Grid {
    let rows = results.connections.iter().map(|row| {
        let ratio = &row.p99_ratio;
        vec![
            row.stage.clone(),
            row.count.to_string(),
            format!("{:.1}", row.kib_each),
            format!("{:.2} ({:.2} - {:.2})", ratio.median, ratio.min, ratio.max),
        ]
    });
    let note = "What each idle connection adds: Private_Dirty of the server, and KernelStack, \
        PageTables and SUnreclaim of the machine, both ends of the socket; and VIEW p99 of an \
        active client beside them, divided by that without them.";
    let head = ["stage", "connections", "KiB each", "p99 ratio"];
    grid("Idle connections", note, &head, rows.collect())
}

/// A placement in words.
pub fn placement(placement: Placement) -> &'static str {
    match placement {
        Placement::OneCpu => "one CPU",
        Placement::Free => "free",
    }
}

/// Microseconds, with as many digits as mean something.
pub fn us(figure: f64) -> String {
    if figure < 100.0 { format!("{figure:.1}") } else { format!("{figure:.0}") }
}

fn optional(figure: Option<f64>) -> String {
    figure.map_or("-".to_owned(), |figure| format!("{figure:.2}"))
}

fn spread(spread: &Spread) -> String {
    format!("{:.0} ({:.0} - {:.0})", spread.median, spread.min, spread.max)
}
