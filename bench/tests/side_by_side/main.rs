//! The bench itself, small: real servers, real clients, and what it says when one of them dies.
#![expect(clippy::unwrap_used, reason = "a test's helpers may panic as the test itself")]

mod compare;
mod crowd;
mod deaths;
mod small_run;
mod work;

use std::fs;
use std::path::PathBuf;

use bench::results::file::SCHEMA;
use bench::results::group::Group;
use bench::results::ratio::Figure;
use bench::results::row::Exchange;
use harness::effort::Effort;
use harness::stage::{program, skip};

use small_run::{assert_narrow, assert_nothing_left, bench, names, results, text};

#[test]
fn a_run_measures_a_stage_and_somebody_elses_server_side_by_side() {
    let out = tempfile::tempdir().unwrap();
    let foreign: PathBuf = program("q1-pipes-server");
    let small = ["--quick", "--segment", "5", "--rounds", "2", "--stages", "q3"];
    let other = ["--server", foreign.to_str().unwrap(), "--protocol", "pipes"];
    let output = bench(out.path(), &[&small[..], &other[..]].concat()).output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    assert_narrow(&text(&output));
    assert!(text(&output).contains("--wide"), "{}", text(&output));
    assert_eq!(names(out.path()), ["report.html", "report.md", "results.json"]);
    assert_nothing_left(out.path());

    let results = results(out.path());
    assert_eq!(results.schema, SCHEMA);
    let servers: Vec<(&str, Exchange)> =
        results.servers.iter().map(|row| (row.name.as_str(), row.exchange)).collect();
    let expected = [("q3-threads", Exchange::TwoQueues), ("q1-pipes-server", Exchange::FifoPair)];
    assert_eq!(servers, expected);
    assert_eq!(results.servers.iter().map(|row| row.processes).collect::<Vec<_>>(), [1, 3]);
    assert!(
        results.servers[0].lines_of_code > Some(100) && results.servers[1].lines_of_code.is_none()
    );
    for row in &results.servers {
        let nothing = row.memory_of_nothing.unwrap();
        assert!(nothing.private_dirty > 0 && nothing.private_dirty < row.memory_after.rss);
        let memory = row.memory_after;
        assert!(memory.rss >= memory.pss && memory.pss >= memory.private_dirty, "{memory:?}");
        assert!(memory.private_dirty > 0 && memory.kernel > 0 && row.start_ms.min > 0.0);
    }
    for timing in &results.timings {
        let rounds = if timing.group == Group::durable(64) { 4 } else { 2 };
        assert_eq!(timing.p50_us.rounds.len(), rounds, "{timing:?}");
        assert!(timing.latency.samples > 0 && timing.latency.max_us > 0.0, "{timing:?}");
        assert!(timing.latency.p50_us <= timing.latency.p99_us, "{timing:?}");
    }
    for (server, _) in &servers {
        let mut ratios = results.ratios.iter();
        let ratio = ratios.find(|it| it.server == *server && it.figure == Figure::P50);
        let ratio = &ratio.unwrap().ratio;
        assert!(ratio.min > 0.0 && ratio.min <= ratio.median && ratio.median <= ratio.max);
    }
    // A foreign server has no bars, and is in every table.
    assert!(!results.bars.is_empty() && results.bars.iter().all(|bar| bar.stage == "q3-threads"));
    for file in ["report.md", "report.html"] {
        let report = fs::read_to_string(out.path().join(file)).unwrap();
        assert!(report.contains("q1-pipes-server") && report.contains("bare two queues"), "{file}");
    }
    let html = fs::read_to_string(out.path().join("report.html")).unwrap();
    assert_eq!(html.matches("<svg").count(), 4);
    assert!(!html.contains("http://") || html.matches("http://").count() == 4, "only namespaces");
}

#[test]
fn a_steady_view_costs_four_calls_two_switches_and_nothing_else() {
    let name = "a_steady_view_costs_four_calls_two_switches_and_nothing_else";
    let out = tempfile::tempdir().unwrap();
    // `tests/tests/steady` is the gate for all stages; here it is the bench that is looked at.
    let stages = Effort::asked().of("q2", "q2,q4", "q2,q4");
    let words = ["--counts", "--quick", "--stages", stages];
    let output = bench(out.path(), &words).output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    let results = results(out.path());
    let counted = results.bars.iter().filter(|bar| {
        bar.number == 3 || (bar.number == 4 && bar.demand.starts_with("system calls"))
    });
    for bar in counted {
        match bar.measured {
            // A busy machine adds a switch now and then, and q4's threads meet at a lock; a stage
            // that does more for each request adds a whole one.
            Some(measured) => {
                assert!(measured.figure < bar.limit + 0.5, "{}", bar.line());
            }
            None => skip(name, "strace, ptrace and cc"),
        }
    }
}
