//! What is acknowledged is on disk: the order of write, sync and reply, and what a failed sync
//! means.

use std::time::Duration;

use common::ask::Ask;
use common::reply::{Reply, Status};
use common::request::Request;
use nix::unistd::gettid;
use rstest_reuse::apply;
use tests::server::Server;
use tests::stage::{Stage, is_ours};
use tests::strace::Strace;
use tests::wire::{Place, Wire};
use zerocopy::IntoBytes;

use crate::every_stage;

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
    let slow = ["-e", "trace=fdatasync", "-e", "inject=fdatasync:delay_enter=200000"];
    let Some(strace) = Strace::attach(name, &processes(&server), &slow) else { return };
    let me = gettid().as_raw();
    let mut wire = Wire::open(stage, &server.dir(), me).unwrap();
    let count = 40;
    for nonce in 1..=count {
        wire.send(
            Place::Reservation,
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
    // The first takes those that came before it was begun, the second all others; a slow sender may
    // cost one more.
    assert!((1..=4).contains(&syncs), "{syncs} syncs for {count} reservations:\n{trace}");
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
