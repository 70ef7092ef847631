//! What the tests of the bench share: a small run, and what it leaves.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use bench::results::file::Results;
use harness::stage::program;
use harness::wait;
use tempfile::TempDir;

/// How long until a client is seen, and how long the bench may take to end.
const SOON: Duration = Duration::from_secs(60);

/// A run of the bench over the programs that stand beside this test.
pub(crate) fn bench(out: &Path, words: &[&str]) -> Command {
    let built = program("q1-pipes-server");
    assert!(built.is_file(), "cargo build first: there is no {}", built.display());
    let mut command = Command::new(env!("CARGO_BIN_EXE_bench"));
    command.arg("--out").arg(out).arg("--programs").arg(built.parent().unwrap());
    command.args(words).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

pub(crate) fn results(out: &Path) -> Results {
    serde_json::from_str(&fs::read_to_string(out.join("results.json")).unwrap()).unwrap()
}

pub(crate) fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

/// PIDs and command lines of the processes that were told this directory.
pub(crate) fn processes(dir: &Path) -> Vec<(i32, String)> {
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
pub(crate) fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Starts a run with long trials, and waits until its first client asks; its server's PID.
pub(crate) fn start_and_wait(
    out: &TempDir,
    stage: &str,
    transport: &str,
    server: &str,
) -> (Child, i32) {
    let mut command = bench(out.path(), &["--stages", stage, "--quick", "--segment", "3000"]);
    let child = command.spawn().unwrap();
    let found = wait::until(SOON, || {
        // Cheap first: two servers have a directory only when they are measured side by side.
        let work = fs::read_dir(out.path()).ok()?.flatten().next()?.path();
        let servers = fs::read_dir(work).ok()?.flatten().filter(|entry| entry.path().is_dir());
        (servers.count() >= 2).then_some(())?;
        let running = processes(out.path());
        // In its group, where a trial is long, a bare server has its client too.
        running.iter().find(|(_, line)| line.contains(" client bare-"))?;
        running.iter().find(|(_, line)| line.contains(&format!(" client {transport} ")))?;
        running.iter().find(|(_, line)| line.contains(server)).map(|(pid, _)| *pid)
    });
    (child, found.expect("a server and a client are started"))
}

pub(crate) fn end(mut child: Child) -> Output {
    let ended = wait::until(SOON, || child.try_wait().unwrap());
    if ended.is_none() {
        child.kill().unwrap();
    }
    let output = child.wait_with_output().unwrap();
    assert!(ended.is_some(), "it does not end: {}", text(&output));
    output
}

pub(crate) fn assert_nothing_left(out: &Path) {
    let gone = wait::until(SOON, || processes(out).is_empty().then_some(()));
    assert!(gone.is_some(), "left behind: {:?}", processes(out));
    let work: Vec<String> = names(out).into_iter().filter(|name| name.starts_with('.')).collect();
    assert!(work.is_empty(), "left behind: {work:?}");
}

/// No line is wider than a terminal that has not been widened.
pub(crate) fn assert_narrow(said: &str) {
    let wide = said.lines().find(|line| line.chars().count() > 80 && line.starts_with(['│', '┌']));
    assert_eq!(wide, None, "{said}");
}
