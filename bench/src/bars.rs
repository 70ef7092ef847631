//! What is demanded of the stages, as ratios and counts of one run.

use tests::stage::ALL;

use crate::plan;
use crate::results::server::Stage;
use crate::results::timing::Question;
use crate::results::{Bar, Results};

/// Counts are averages of thousands of requests; a clock that ticks ten times a second adds to them.
const ROUNDING: f64 = 0.05;
/// The same for what must not happen at all.
const NEVER: f64 = 0.01;

/// All bars that concern the stages of this run.
pub fn of(results: &Results) -> Vec<Bar> {
    // A server of somebody else's is measured, not judged, whatever its name.
    let is_ours = |stage: &&Stage| ALL.iter().any(|ours| ours.package() == stage.name);
    results.stages.iter().filter(is_ours).flat_map(|stage| of_stage(results, stage)).collect()
}

fn of_stage(results: &Results, stage: &Stage) -> Vec<Bar> {
    let bar = |number: u32, demand: &str, limit: f64, at_least, measured| Bar {
        number,
        stage: stage.name.clone(),
        demand: demand.to_owned(),
        measured,
        limit,
        at_least,
    };
    let most = |number, demand: &str, limit, measured| bar(number, demand, limit, false, measured);
    let least = |number, demand: &str, limit, measured| bar(number, demand, limit, true, measured);
    let ratio = |what: &str, figure: &str, question, against: &str| {
        let group = plan::name(&stage.name, what);
        let mut ratios = results.ratios.iter();
        let found = ratios.find(|ratio| {
            ratio.group == group
                && ratio.figure == figure
                && ratio.question == question
                && ratio.against.starts_with(against)
        });
        found.map(|ratio| ratio.ratio.median)
    };
    let (view, list, reserve) = (Question::View, Question::List, Question::Reserve);
    let number = stage.name.split('-').next().unwrap_or_default();
    let is = |numbers: &[&str]| numbers.contains(&number);
    let mut bars = Vec::new();
    if is(&["q1", "q2", "q3", "q5"]) {
        bars.extend([
            most(1, "VIEW p50 / bare", 1.10, ratio("latency", "p50", view, "bare")),
            most(1, "VIEW p99 / bare", 1.25, ratio("latency", "p99", view, "bare")),
        ]);
    }
    if is(&["q1", "q2", "q3", "q4", "q5"]) {
        let own = ratio("latency", "p50", list, "its own");
        bars.push(most(2, "LIST p50 / VIEW p50", 1.20, own));
    }
    if is(&["q1", "q2", "q3", "q5"]) {
        let [calls, switches, faults] = sums(stage);
        let allocations = stage.view.server.allocations;
        bars.extend([
            most(3, "system calls of a VIEW", 4.0 + ROUNDING, calls),
            most(3, "context switches of a VIEW", 2.0 + ROUNDING, switches),
            most(3, "page faults of a VIEW", NEVER, faults),
            most(3, "allocations of a VIEW, server", NEVER, allocations),
        ]);
    }
    if is(&["q4"]) {
        let p50 = ratio("latency", "p50", view, "bare");
        bars.push(most(4, "VIEW p50 / bare detached thread", 1.45, p50));
        bars.push(most(4, "system calls of a VIEW", 21.0 + ROUNDING, sums(stage)[0]));
    }
    if is(&["q1", "q2", "q3"]) {
        let rate = ratio("16 clients", "per_second", view, "bare");
        bars.push(least(5, "VIEWs per second of 16 clients / bare", 0.90, rate));
    }
    if is(&["q5"]) {
        let rate = ratio("16 clients, free", "per_second", view, "bare epoll");
        bars.push(least(6, "VIEWs per second of 16 clients, free / bare epoll", 1.5, rate));
    }
    if is(&["q1", "q2", "q3", "q4", "q5"]) {
        let p50 = ratio("durable, 1 client", "p50", reserve, "bare");
        bars.push(most(7, "durable RESERVE p50 / (write + fdatasync + bare)", 1.15, p50));
        let demanded = if is(&["q4"]) {
            3.5
        } else if is(&["q5"]) {
            10.0
        } else {
            15.0
        };
        let rate = ratio("durable, 64 clients", "per_second", reserve, "bare write");
        let demand = "durable RESERVEs per second of 64 clients / (write + fdatasync) loop";
        bars.push(least(8, demand, demanded, rate));
        let (rest, after) = (&stage.memory_at_rest, &stage.memory_after);
        let dirty = rest.private_dirty.max(after.private_dirty) as f64;
        let dirty_max = if is(&["q1", "q2"]) { 148.0 } else { 240.0 };
        bars.push(most(9, "Private_Dirty, KiB", dirty_max, Some(dirty)));
    }
    for connections in results.connections.iter().filter(|row| row.stage == stage.name) {
        let demand = "KiB of each idle connection, both ends";
        bars.push(most(9, demand, 40.0, Some(connections.kib_each)));
        let demand = format!("VIEW p99 beside {} idle connections / without", connections.count);
        bars.push(most(10, &demand, 1.5, Some(connections.p99_ratio.median)));
    }
    bars.sort_by_key(|bar| bar.number);
    bars
}

/// System calls, context switches and page faults of both sides.
fn sums(stage: &Stage) -> [Option<f64>; 3] {
    let (server, client) = (&stage.view.server, &stage.view.client);
    let sum = |server: Option<f64>, client: Option<f64>| Some(server? + client?);
    [
        sum(server.calls, client.calls),
        sum(server.switches, client.switches),
        sum(server.faults, client.faults),
    ]
}

/// Bars that fall short, one line each.
pub fn short(bars: &[Bar]) -> Vec<String> {
    let falls_short = |bar: &&Bar| bar.holds() == Some(false);
    bars.iter().filter(falls_short).map(line).collect()
}

/// A bar in one line.
pub fn line(bar: &Bar) -> String {
    let demanded = if bar.at_least { "at least" } else { "at most" };
    let measured = bar.measured.map_or("not measured".to_owned(), |figure| format!("{figure:.2}"));
    format!(
        "bar {}, {}: {} is {measured}, demanded {demanded} {:.2}",
        bar.number, bar.stage, bar.demand, bar.limit
    )
}
