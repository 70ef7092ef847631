//! The mechanism seen from outside: processes, threads, names, permissions.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use common::process::NAME_MAX;
use harness::server::Server;
use harness::stage::{Stage, is_ours};
use harness::wait;
use rstest_reuse::apply;

use crate::every_stage;

/// Far more than a thread needs to end.
const SOON: Duration = Duration::from_secs(5);

#[apply(every_stage)]
fn the_processes_and_threads_are_those_of_the_mechanism(stage: Stage) {
    if !is_ours("the_processes_and_threads_are_those_of_the_mechanism") {
        return;
    }
    let server = Server::start(stage);
    server.client().reserve(1, 1);
    // The thread of a request or connection may not have ended when its client has the reply.
    let at_rest = || (server.threads().len() == stage.threads().len()).then(|| server.threads());
    let threads = wait::until(SOON, at_rest).unwrap_or_else(|| server.threads());
    let names: Vec<&str> = threads.iter().map(|thread| thread.name.as_str()).collect();
    assert_eq!(names, stage.threads());
    assert!(names.iter().all(|name| name.len() <= NAME_MAX));
    let mut pids: Vec<i32> = threads.iter().map(|thread| thread.pid).collect();
    pids.sort_unstable();
    pids.dedup();
    assert_eq!(pids.len(), stage.processes());
}

#[apply(every_stage)]
fn everything_in_dir_is_for_its_owner_only(stage: Stage) {
    if !is_ours("everything_in_dir_is_for_its_owner_only") {
        return;
    }
    let server = Server::start(stage);
    let _client = server.client();
    for entry in fs::read_dir(server.dir()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", entry.file_name());
    }
}

#[apply(every_stage)]
fn the_lock_names_the_holder(stage: Stage) {
    if !is_ours("the_lock_names_the_holder") {
        return;
    }
    let server = Server::start(stage);
    let lock = fs::read_to_string(server.dir().join("lock")).unwrap();
    assert_eq!(lock.lines().next(), Some(format!("{} {}", server.pid(), stage.package()).as_str()));
}

#[apply(every_stage)]
fn a_reservation_is_logged_and_a_consultation_is_not(stage: Stage) {
    if !is_ours("a_reservation_is_logged_and_a_consultation_is_not") {
        return;
    }
    let mut server = Server::start(stage);
    let mut client = server.client();
    client.view(5);
    client.reserve(3, 2);
    drop(client);
    server.stop();
    let log = server.log();
    assert!(log.contains("show=3 seats=2 left=118"), "{log}");
    assert!(!log.contains("show=5"), "{log}");
}

#[apply(every_stage)]
fn a_log_file_gets_every_line_and_is_kept(stage: Stage) {
    if !is_ours("a_log_file_gets_every_line_and_is_kept") {
        return;
    }
    let base = tempfile::tempdir().unwrap();
    let file = base.path().join("server.log");
    let options = ["--log-level", "debug", "--log-file", file.to_str().unwrap()];
    let mut server = Server::start_with(stage, &common::shows::sample(), &options);
    server.client().view(5);
    server.stop();
    server.launch();
    server.client().reserve(3, 2);
    server.stop();
    let lines = fs::read_to_string(&file).unwrap();
    assert!(lines.contains("show=5") && lines.contains("show=3 seats=2 left=118"), "{lines}");
    let dated =
        |line: &str| line.len() > 20 && line.starts_with("20") && line[10..].starts_with('T');
    assert!(lines.lines().all(dated), "{lines}");
}

#[apply(every_stage)]
fn a_log_that_nobody_reads_stops_nothing(stage: Stage) {
    if !is_ours("a_log_that_nobody_reads_stops_nothing") {
        return;
    }
    let mut server = Server::prepare(stage, &["--durability", "process"]);
    let _unread = server.launch_unheard();
    let mut client = server.client();
    // A line has about 90 bytes, a pipe room for 65536.
    for _ in 0..1500 {
        assert_eq!(client.reserve(1, 1000).0, common::reply::Status::NotEnoughSeats);
    }
}
