//! What is acknowledged is on disk: the order of write, sync and reply, and what a failed sync
//! means.

use std::fs;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use common::ask::Ask;
use common::reply::{Reply, Status};
use common::request::Request;
use harness::server::Server;
use harness::stage::{Stage, is_ours, skip};
use harness::strace::Strace;
use harness::wait;
use harness::wire::{RequestClass, Wire};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, gettid};
use rstest_reuse::apply;
use zerocopy::IntoBytes;

use crate::every_stage;

/// Far more than anything here takes.
const SOON: Duration = Duration::from_secs(10);

fn processes(server: &Server) -> Vec<i32> {
    let mut pids: Vec<i32> = server.threads().iter().map(|thread| thread.pid).collect();
    pids.sort_unstable();
    pids.dedup();
    pids
}

#[apply(every_stage)]
fn an_acknowledgement_leaves_after_its_write_and_its_sync(stage: Stage) {
    let name = "an_acknowledgement_leaves_after_its_write_and_its_sync";
    if !is_ours(name) {
        return;
    }
    let server = Server::start(stage);
    let calls = format!("trace=pwrite64,fdatasync,{}", stage.reply_call().trim_end_matches('('));
    let options = ["-e", calls.as_str()];
    let Some(strace) = Strace::attach(name, &[server.office()], &options) else { return };
    let mut client = server.client();
    for n in 1..=20 {
        assert_eq!(client.reserve(1, 1), (Status::Ok, 200 - n));
        assert_eq!(client.reserve(1, 1000).0, Status::NotEnoughSeats);
    }
    let trace = strace.finish();
    // One client, one request after the other: a write, its sync, the reply; a refusal is a reply
    // only.
    // A watchdog asks for a sign of life in between: UNKNOWN_SHOW, which nobody else asks for here.
    let is_reply = |line: &str| {
        line.contains(stage.reply_call()) && line.contains("SPC1") && !line.contains(r"SPC1\1\0")
    };
    let order: String = trace
        .lines()
        .filter_map(|line| match line {
            line if line.contains("pwrite64(") => Some('w'),
            line if line.contains("fdatasync(") && line.contains("= 0") => Some('s'),
            line if is_reply(line) => Some('r'),
            _ => None,
        })
        .collect();
    assert_eq!(order, "wsrr".repeat(20), "{trace}");
}

#[apply(every_stage)]
fn a_failed_sync_is_never_acknowledged_and_ends_the_server(stage: Stage) {
    let name = "a_failed_sync_is_never_acknowledged_and_ends_the_server";
    if !is_ours(name) {
        return;
    }
    for fault in [
        "fdatasync:error=EIO:when=2",
        "fdatasync:error=EINTR:when=2",
        "pwrite64:error=ENOSPC:when=2",
        "pwrite64:retval=2:when=2",
    ] {
        let mut server = Server::start(stage);
        let group = server.pid();
        let options = ["-e", "trace=fdatasync,pwrite64", "-e", &format!("inject={fault}")];
        let Some(strace) = Strace::attach(name, &processes(&server), &options) else { return };
        let mut client = server.client();
        assert_eq!(client.reserve(1, 1), (Status::Ok, 199), "{fault}");
        assert_eq!(client.reserve(1, 1).0, Status::Unavailable, "{fault}");
        if let Ok(reply) = client.ask(Ask::Reserve { show: 1, seats: 1 }) {
            assert_eq!(reply.status(), Some(Status::Unavailable), "{fault}");
        }
        let status = server.wait(Duration::from_secs(5));
        assert_eq!(status.code(), Some(2), "{fault}");
        assert!(
            server.log().contains("cannot make reservations durable"),
            "{fault}: {}",
            server.last_words()
        );
        drop(strace);
        server.assert_nothing_left(group);
        server.launch();
        let left = server.client().view(1);
        assert!([198, 199].contains(&left), "{fault}: {left}");
    }
}

#[apply(every_stage)]
fn reservations_that_are_waiting_share_one_sync(stage: Stage) {
    let name = "reservations_that_are_waiting_share_one_sync";
    if !is_ours(name) {
        return;
    }
    let server = Server::start(stage);
    let slow = ["-e", "trace=fdatasync", "-e", "inject=fdatasync:delay_enter=500000"];
    let Some(strace) = Strace::attach(name, &processes(&server), &slow) else { return };
    let me = gettid().as_raw();
    let mut wire = Wire::open(stage, &server.dir(), me).unwrap();
    let count = 40;
    for nonce in 1..=count {
        wire.send(
            RequestClass::Reservation,
            Request::new(me, nonce, Ask::Reserve { show: 1, seats: 1 }).as_bytes(),
        );
    }
    let receive = |_| wire.receive(me, Duration::from_secs(10)).expect("a reply");
    let replies: Vec<Reply> = (0..count).map(receive).collect();
    let mut left: Vec<i32> = replies.iter().map(|reply| reply.seats.get()).collect();
    left.sort_unstable();
    assert_eq!(left, (160..200).collect::<Vec<i32>>());
    let trace = strace.finish();
    let syncs = trace.lines().filter(|line| line.contains("fdatasync(")).count();
    // The first takes those that came before it was begun, the second all others; each half second
    // for which a busy machine keeps the sender, or the server's threads, from running costs one
    // more.
    assert!((1..=8).contains(&syncs), "{syncs} syncs for {count} reservations:\n{trace}");
}

#[apply(every_stage)]
fn process_durability_syncs_nothing(stage: Stage) {
    let name = "process_durability_syncs_nothing";
    if !is_ours(name) {
        return;
    }
    let sample = common::shows::sample();
    let server = Server::start_with(stage, &sample, &["--durability", "process"]);
    let options = ["-e", "trace=fdatasync,pwrite64"];
    let Some(strace) = Strace::attach(name, &processes(&server), &options) else { return };
    let mut client = server.client();
    (0..5).for_each(|_| assert_eq!(client.reserve(1, 1).0, Status::Ok));
    let trace = strace.finish();
    let count = |call: &str| trace.lines().filter(|line| line.contains(call)).count();
    assert_eq!((count("pwrite64("), count("fdatasync(")), (5, 0), "{trace}");
}

#[apply(every_stage)]
fn no_reader_sees_a_count_before_its_sync(stage: Stage) {
    let name = "no_reader_sees_a_count_before_its_sync";
    if !is_ours(name) {
        return;
    }
    const DELAY: Duration = Duration::from_millis(500);
    let server = Server::start(stage);
    let inject = format!("inject=fdatasync:delay_enter={}", DELAY.as_micros());
    let slow = ["-e", "trace=fdatasync", "-e", &inject];
    let Some(strace) = Strace::attach(name, &processes(&server), &slow) else { return };
    let me = gettid().as_raw();
    let mut wire = Wire::open(stage, &server.dir(), me).unwrap();
    let before = Instant::now();
    wire.send(
        RequestClass::Reservation,
        Request::new(me, 1, Ask::Reserve { show: 1, seats: 5 }).as_bytes(),
    );
    // The count is written and its sync has begun, or is about to.
    wait::until_true("a write", SOON, || server.table_on_disk().rows[0].seats == 195);
    let seen = thread::scope(|scope| scope.spawn(|| server.client().view(1)).join().unwrap());
    // A machine so loaded that a VIEW takes longer than the sync proves nothing.
    assert!(seen == 200 || before.elapsed() >= DELAY, "{seen} seats are shown, and none is synced");
    assert_eq!(wire.receive(me, SOON).expect("a reply").status(), Some(Status::Ok));
    assert_eq!(thread::scope(|scope| scope.spawn(|| server.client().view(1)).join().unwrap()), 195);
    drop(strace);
}

#[apply(every_stage)]
fn a_count_is_overwritten_in_place_and_nothing_else_is(stage: Stage) {
    let name = "a_count_is_overwritten_in_place_and_nothing_else_is";
    if !is_ours(name) {
        return;
    }
    let server = Server::start(stage);
    let options = ["-e", "trace=pwrite64,ftruncate,openat,rename"];
    let Some(strace) = Strace::attach(name, &processes(&server), &options) else { return };
    let mut client = server.client();
    (0..5).for_each(|_| assert_eq!(client.reserve(1, 1).0, Status::Ok));
    let trace = strace.finish();
    let writes: Vec<&str> = trace.lines().filter(|line| line.contains("pwrite64(")).collect();
    assert!(
        writes.len() == 5
            && writes.iter().all(|line| line.contains(", 4, 68) ") && line.ends_with("= 4")),
        "{trace}"
    );
    assert!(!trace.contains("ftruncate(") && !trace.contains("spectacles"), "{trace}");
}

#[apply(every_stage)]
fn a_start_writes_the_table_back_and_syncs_it_before_it_is_ready(stage: Stage) {
    let name = "a_start_writes_the_table_back_and_syncs_it_before_it_is_ready";
    if !is_ours(name) {
        return;
    }
    let Ok(_) = Command::new("strace").arg("-V").output() else { return skip(name, "strace") };
    let mut server = Server::prepare(stage, &[]);
    server.write_data_file(common::shows::sample().as_bytes());
    let trace = server.base().join("trace");
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-e", "trace=pwrite64,fdatasync,write", "-o"]).arg(&trace);
    command.arg(stage.server()).arg("--dir").arg(server.dir());
    if !stage.mechanism().is_found_through_dir() {
        command.args(["--listen", "127.0.0.1:0"]);
    }
    server.launch_as(command);
    // The one that was started is strace, which ends when the server does, and like it.
    let first = common::lock::holder(&server.dir()).unwrap().unwrap();
    kill(Pid::from_raw(first.pid), Signal::SIGTERM).unwrap();
    assert!(server.wait(SOON).success(), "{}", server.last_words());
    let trace = fs::read_to_string(trace).unwrap();
    let ready = trace.find("\"ready ").expect("the ready line is a write");
    let written = trace.find(", 720, 0) ").unwrap_or(usize::MAX);
    let synced = trace.find("fdatasync(").unwrap_or(usize::MAX);
    assert!(written < synced && synced < ready, "{trace}");
}
