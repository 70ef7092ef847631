//! The server in C: what the contract does not ask of a server that somebody else wrote.

use std::fs::{self, DirBuilder};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use common::booking::table::Table;
use harness::c::Program;
use harness::strace::Strace;
use harness::{leftovers, wait};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use zerocopy::{FromBytes, IntoBytes};

use crate::client::{end, run};

/// Starts the server in C in `dir` and waits until it is ready.
fn start(server: &Program, dir: &Path) -> Child {
    let mut command = server.command();
    let mut child = command.arg("--dir").arg(dir).stdout(Stdio::piped()).spawn().unwrap();
    let stdout = child.stdout.take().unwrap();
    assert!(wait::until_readable(&stdout, Duration::from_secs(10)), "it does not get ready");
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line).unwrap();
    assert!(line.starts_with("ready "), "{line:?}");
    child
}

fn stop(mut child: Child, dir: &Path) {
    kill(Pid::from_raw(child.id() as i32), Signal::SIGTERM).unwrap();
    assert!(end(&mut child).success());
    assert_nothing_left(dir);
}

fn assert_nothing_left(dir: &Path) {
    assert_eq!([leftovers::ipc_objects(dir), leftovers::files(dir)].concat(), [""; 0]);
}

#[test]
fn a_server_and_a_client_in_c_need_no_rust() {
    let name = "a_server_and_a_client_in_c_need_no_rust";
    let (Some(server), Some(client)) =
        (Program::compile(name, "server"), Program::compile(name, "client"))
    else {
        return;
    };
    leftovers::enter_namespace();
    let base = tempfile::tempdir().unwrap();
    let dir = base.path().join("run");
    let ask =
        |words: &[&str]| run(client.command().arg("queues").arg("--dir").arg(&dir).args(words));
    let child = start(&server, &dir);
    let (code, list, _) = ask(&["list"]);
    assert_eq!((code, list.lines().count()), (0, 3), "{list}");
    assert_eq!(ask(&["reserve", "1", "2"]).1, "show 1: 198 seats left\n");
    for entry in fs::read_dir(&dir).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", entry.file_name());
    }
    // A second one on the same DIR is refused, and the first goes on.
    let (code, _, error) = run(server.command().arg("--dir").arg(&dir));
    assert_eq!(code, 2);
    assert!(error.contains("does another server run here?"), "{error}");
    assert_eq!(ask(&["view", "1"]).1, "show 1: 198 seats left\n");
    stop(child, &dir);
    let table = Table::read_from_bytes(&fs::read(dir.join("spectacles.dat")).unwrap()).unwrap();
    assert_eq!(table.rows[0].seats, 198);
    // What was sold stays sold.
    let child = start(&server, &dir);
    assert_eq!(ask(&["view", "1"]).1, "show 1: 198 seats left\n");
    stop(child, &dir);
}

#[test]
fn the_server_in_c_leaves_a_damaged_data_file_alone() {
    let name = "the_server_in_c_leaves_a_damaged_data_file_alone";
    let Some(server) = Program::compile(name, "server") else { return };
    leftovers::enter_namespace();
    let mut negative = common::booking::shows::sample();
    negative.rows[3].seats = (-1).into();
    let good = common::booking::shows::sample();
    let damaged = [negative.as_bytes(), &good.as_bytes()[1..], &[good.as_bytes(), b"x"].concat()];
    for bytes in damaged {
        let base = tempfile::tempdir().unwrap();
        let dir = base.path().join("run");
        DirBuilder::new().mode(0o700).create(&dir).unwrap();
        fs::write(dir.join("spectacles.dat"), bytes).unwrap();
        let (code, out, error) = run(server.command().arg("--dir").arg(&dir));
        assert_eq!((code, out.as_str()), (2, ""), "{error}");
        assert!(error.contains("cannot use spectacles.dat"), "{error}");
        assert_eq!(fs::read(dir.join("spectacles.dat")).unwrap(), bytes);
    }
}

#[test]
fn the_server_in_c_acknowledges_what_is_on_disk_and_ends_when_a_sync_fails() {
    let name = "the_server_in_c_acknowledges_what_is_on_disk_and_ends_when_a_sync_fails";
    let (Some(server), Some(client)) =
        (Program::compile(name, "server"), Program::compile(name, "client"))
    else {
        return;
    };
    leftovers::enter_namespace();
    let base = tempfile::tempdir().unwrap();
    let dir = base.path().join("run");
    let reserve =
        || run(client.command().arg("queues").arg("--dir").arg(&dir).args(["reserve", "1", "1"]));
    let mut child = start(&server, &dir);
    let pids = [child.id() as i32];
    let calls = ["-e", "trace=pwrite64,fdatasync,msgsnd"];
    let Some(strace) = Strace::attach(name, &pids, &calls) else { return stop(child, &dir) };
    assert_eq!(reserve().0, 0);
    let trace = strace.finish();
    let at = |call: &str| trace.find(call).unwrap_or_else(|| panic!("no {call} in {trace}"));
    assert!(at("pwrite64(") < at("fdatasync(") && at("fdatasync(") < at("msgsnd("), "{trace}");
    let fault = ["-e", "trace=fdatasync", "-e", "inject=fdatasync:error=EIO:when=1"];
    let Some(strace) = Strace::attach(name, &pids, &fault) else { return stop(child, &dir) };
    assert_eq!(reserve(), (2, "the server is stopping\n".into(), String::new()));
    assert_eq!(end(&mut child).code(), Some(2));
    drop(strace);
    assert_nothing_left(&dir);
}
