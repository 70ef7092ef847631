//! The bench itself, small: real servers, real clients, and what it says when one of them dies.
#![expect(clippy::unwrap_used, reason = "a test's helpers may panic as the test itself")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use bench::results::{Results, SCHEMA};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;
use tests::effort::Effort;
use tests::stage::{program, skip};
use tests::wait;

/// How long until a client is seen, and how long the bench may take to end.
const SOON: Duration = Duration::from_secs(60);

/// A run of the bench over the programs that stand beside this test.
fn bench(out: &Path, words: &[&str]) -> Command {
    let built = program("q1-pipes-server");
    assert!(built.is_file(), "cargo build first: there is no {}", built.display());
    let mut command = Command::new(env!("CARGO_BIN_EXE_bench"));
    command.arg("--out").arg(out).arg("--programs").arg(built.parent().unwrap());
    command.args(words).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn results(out: &Path) -> Results {
    serde_json::from_str(&fs::read_to_string(out.join("results.json")).unwrap()).unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

/// PIDs and command lines of the processes that were told this directory.
fn processes(dir: &Path) -> Vec<(i32, String)> {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let told = |pid: i32| {
        let line = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        line.contains(dir.to_str()?).then_some((pid, line))
    };
    pids.filter_map(told).collect()
}

/// The names in a directory, sorted.
fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Starts a run with long turns, and waits until its first client asks; its server's PID.
fn start_and_wait(out: &TempDir, stage: &str, door: &str, server: &str) -> (Child, i32) {
    let mut command = bench(out.path(), &["--stages", stage, "--quick", "--segment", "3000"]);
    let child = command.spawn().unwrap();
    let found = wait::until(SOON, || {
        // Cheap first: two servers have a directory only when they are measured side by side.
        let work = fs::read_dir(out.path()).ok()?.flatten().next()?.path();
        let servers = fs::read_dir(work).ok()?.flatten().filter(|entry| entry.path().is_dir());
        (servers.count() >= 2).then_some(())?;
        let running = processes(out.path());
        // In its group, where a turn is long, a bare server has its client too.
        running.iter().find(|(_, line)| line.contains(" worker bare-"))?;
        running.iter().find(|(_, line)| line.contains(&format!(" worker {door} ")))?;
        running.iter().find(|(_, line)| line.contains(server)).map(|(pid, _)| *pid)
    });
    (child, found.expect("a server and a client are started"))
}

fn end(mut child: Child) -> Output {
    let ended = wait::until(SOON, || child.try_wait().unwrap());
    if ended.is_none() {
        child.kill().unwrap();
    }
    let output = child.wait_with_output().unwrap();
    assert!(ended.is_some(), "it does not end: {}", text(&output));
    output
}

fn assert_nothing_left(out: &Path) {
    let gone = wait::until(SOON, || processes(out).is_empty().then_some(()));
    assert!(gone.is_some(), "left behind: {:?}", processes(out));
    let work: Vec<String> = names(out).into_iter().filter(|name| name.starts_with('.')).collect();
    assert!(work.is_empty(), "left behind: {work:?}");
}

#[test]
fn a_run_measures_a_stage_and_somebody_elses_server_side_by_side() {
    let out = tempfile::tempdir().unwrap();
    let foreign: PathBuf = program("q1-pipes-server");
    let small = ["--quick", "--segment", "5", "--rounds", "2", "--stages", "q3"];
    let other = ["--server", foreign.to_str().unwrap(), "--protocol", "pipes"];
    let output = bench(out.path(), &[&small[..], &other[..]].concat()).output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    assert_eq!(names(out.path()), ["report.html", "report.md", "results.json"]);
    assert_nothing_left(out.path());

    let results = results(out.path());
    assert_eq!(results.schema, SCHEMA);
    let stages: Vec<(&str, &str)> =
        results.stages.iter().map(|row| (row.name.as_str(), row.bare.as_str())).collect();
    assert_eq!(stages, [("q3-threads", "bare two queues"), ("q1-pipes-server", "bare FIFO pair")]);
    assert_eq!(results.stages.iter().map(|row| row.processes).collect::<Vec<_>>(), [1, 3]);
    assert!(
        results.stages[0].lines_of_code > Some(100) && results.stages[1].lines_of_code.is_none()
    );
    for row in &results.stages {
        let memory = row.memory_after;
        assert!(memory.rss >= memory.pss && memory.pss >= memory.private_dirty, "{memory:?}");
        assert!(memory.private_dirty > 0 && memory.kernel > 0 && row.start_ms.min > 0.0);
    }
    for timing in &results.timings {
        assert_eq!(timing.p50_us.rounds.len(), 2, "{timing:?}");
        assert!(timing.latency.samples > 0 && timing.latency.max_us > 0.0, "{timing:?}");
        assert!(timing.latency.p50_us <= timing.latency.p99_us, "{timing:?}");
    }
    for row in &stages {
        let ratio =
            results.ratios.iter().find(|ratio| ratio.stage == row.0 && ratio.figure == "p50");
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
                assert!(measured < bar.limit + 0.5, "{}", bench::bars::line(bar));
            }
            None => skip(name, "strace, ptrace and cc"),
        }
    }
}

#[test]
fn a_server_that_dies_is_named_with_its_death() {
    let out = tempfile::tempdir().unwrap();
    let (child, server) = start_and_wait(&out, "q3", "msgqueue", "q3-threads-server");
    kill(Pid::from_raw(server), Signal::SIGKILL).unwrap();
    let output = end(child);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    let said = text(&output);
    assert!(said.contains("q3-threads: ") && said.contains("killed by SIGKILL"), "{said}");
    assert!(!out.path().join("results.json").exists());
    assert_nothing_left(out.path());
}

#[test]
fn ctrl_c_leaves_nothing_behind() {
    let out = tempfile::tempdir().unwrap();
    let (child, _) = start_and_wait(&out, "q1", "pipes", "q1-pipes-server");
    kill(Pid::from_raw(child.id() as i32), Signal::SIGINT).unwrap();
    let output = end(child);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    assert!(text(&output).contains("ended by SIGINT"), "{}", text(&output));
    assert_nothing_left(out.path());
}

#[test]
fn what_got_worse_ends_with_status_one() {
    let out = tempfile::tempdir().unwrap();
    let run = |words: &[&str]| {
        let small = ["--counts", "--quick", "--stages", "q3"];
        bench(out.path(), &[&small[..], words].concat()).output().unwrap()
    };
    assert!(run(&[]).status.success());
    let earlier = out.path().join("earlier.json");
    let mut better = results(out.path());
    better.stages[0].memory_after.private_dirty /= 4;
    fs::write(&earlier, serde_json::to_string(&better).unwrap()).unwrap();
    let compare = ["--compare", earlier.to_str().unwrap()];
    let output = run(&compare);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    assert!(text(&output).contains("Private_Dirty"), "{}", text(&output));
    let output = run(&[&compare[..], &["--threshold", "10000"]].concat());
    assert!(output.status.success(), "{}", text(&output));
    better.host.cpu = "another".to_owned();
    fs::write(&earlier, serde_json::to_string(&better).unwrap()).unwrap();
    let output = run(&compare);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    assert!(text(&output).contains("another machine"), "{}", text(&output));
}

#[test]
fn two_copies_of_the_same_programs_compare_as_equal() {
    let out = tempfile::tempdir().unwrap();
    let built = program("q4-thread-per-request-server");
    let folders = ["old", "new"].map(|name| {
        let folder = out.path().join(name);
        fs::create_dir(&folder).unwrap();
        for server in ["q3-threads-server", "q4-thread-per-request-server"] {
            fs::copy(built.with_file_name(server), folder.join(server)).unwrap();
        }
        folder
    });
    let compare = |old: &Path, new: &Path, more: &[&str]| {
        let mut command = bench(out.path(), &["--quick", "--compare"]);
        command.arg(old).arg(new).args(more).output().unwrap()
    };
    let [old, new] = &folders;
    let output = compare(old, new, &["--stages", "q3,q4", "--groups", "VIEW, 1", "--rounds", "8"]);
    assert!(output.status.success(), "{}", text(&output));
    let said = text(&output);
    let rows: Vec<Vec<&str>> =
        said.lines().filter(|line| line.contains("p50, us")).map(|line| cells(line)).collect();
    assert_eq!(rows.len(), 2, "{said}");
    for row in rows {
        let ratio: f64 = row[4].parse().unwrap();
        assert!((0.5..2.0).contains(&ratio), "the same program, yet {ratio}: {said}");
        assert_eq!(row[6], "8", "{said}");
    }

    let empty = out.path().join("empty");
    fs::create_dir(&empty).unwrap();
    let output = compare(&empty, new, &[]);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    assert!(text(&output).contains("empty has no program of a stage"), "{}", text(&output));
    let output = compare(old, new, &["--stages", "q1"]);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    assert!(text(&output).contains("there is no program"), "{}", text(&output));
    assert_nothing_left(out.path());
}

/// The cells of a line of a table.
fn cells(line: &str) -> Vec<&str> {
    line.split(['│', '┆']).map(str::trim).filter(|cell| !cell.is_empty()).collect()
}
