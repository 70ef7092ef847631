//! What is acknowledged is on disk: the order of write, sync and reply, and what a failed sync
//! means.

mod failed;

use std::fs;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use common::booking::shows;
use common::client::ask::Ask;
use common::protocol::reply::Status;
use common::protocol::request::Request;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, gettid};
use zerocopy::IntoBytes;

use crate::checks::asked::{reserve, strace};
use crate::checks::check::{Check, Skipped, Verdict};
use crate::checks::durability::failed::a_failed_sync_is_never_acknowledged_and_ends_the_server;
use crate::evidence::{fail, holds, same};
use crate::server::Server;
use crate::target::Target;
use crate::wait;
use crate::wire::{RequestClass, Wire};

/// Far more than anything here takes.
const SOON: Duration = Duration::from_secs(10);

const CALLS: &str = "another server may use other system calls";

/// The checks of this file.
pub const CHECKS: &[Check] = &[
    check!(
        P1,
        an_acknowledgement_leaves_after_its_write_and_its_sync,
        "Is each reservation written, then synced, and only then acknowledged?",
        CALLS
    ),
    check!(
        P6,
        a_failed_sync_is_never_acknowledged_and_ends_the_server,
        "Does a write or sync that fails end the server, without another OK?",
        CALLS
    ),
    check!(
        P1,
        reservations_that_are_waiting_share_one_sync,
        "Are reservations that wait together made durable together?",
        CALLS
    ),
    check!(
        P1,
        process_durability_syncs_nothing,
        "Does --durability process write each count, and sync none?",
        CALLS
    ),
    check!(
        P5,
        no_reader_sees_a_count_before_its_sync,
        "Does VIEW show the old count as long as the new one is not synced?",
        CALLS
    ),
    check!(
        P2,
        a_count_is_overwritten_in_place_and_nothing_else_is,
        "Does a reservation write 4 bytes of the data file, and nothing else?",
        CALLS
    ),
    check!(
        P1,
        a_start_writes_the_table_back_and_syncs_it_before_it_is_ready,
        "Is the whole table written and synced before the server says that it is ready?",
        CALLS
    ),
];

/// The order of the calls of one reservation after the other.
pub fn an_acknowledgement_leaves_after_its_write_and_its_sync(target: &Target) -> Verdict {
    let server = Server::start(target);
    let calls = format!("trace=pwrite64,fdatasync,{}", target.reply_call().trim_end_matches('('));
    let strace = strace(&[server.office()], &["-e", calls.as_str()])?;
    let mut client = server.client();
    for n in 1..=20 {
        reserve(&mut client, 1, 1, (Status::Ok, 200 - n));
        reserve(&mut client, 1, 1000, (Status::NotEnoughSeats, 200 - n));
    }
    let trace = strace.finish();
    // One client, one request after the other: a write, its sync, the reply; a refusal is a reply
    // only.
    // A watchdog asks for a sign of life in between: UNKNOWN_SHOW, which nobody else asks for here.
    let is_reply = |line: &str| target.is_reply(line) && !line.contains(r"SPC1\1\0");
    let order: String = trace
        .lines()
        .filter_map(|line| match line {
            line if line.contains("pwrite64(") => Some('w'),
            line if line.contains("fdatasync(") && line.contains("= 0") => Some('s'),
            line if is_reply(line) => Some('r'),
            _ => None,
        })
        .collect();
    let sent = "20 times a RESERVE, and one of too many seats";
    let expected = "20 times wsrr: write, sync, reply; then the reply that refuses";
    holds(order == "wsrr".repeat(20), sent, expected, format!("{order}, from:\n{trace}"));
    Ok(())
}

/// Sends as many reservations of one seat, and does not wait.
fn send_reservations(wire: &Wire, me: i32, count: u64) {
    for nonce in 1..=count {
        let request = Request::new(me, nonce, Ask::Reserve { show: 1, seats: 1 });
        wire.send(RequestClass::Reservation, request.as_bytes());
    }
}

/// Reservations that wait while a sync is under way are one batch.
pub fn reservations_that_are_waiting_share_one_sync(target: &Target) -> Verdict {
    let server = Server::start(target);
    let slow = ["-e", "trace=fdatasync", "-e", "inject=fdatasync:delay_enter=500000"];
    let strace = strace(&server.processes(), &slow)?;
    let me = gettid().as_raw();
    let mut wire = server.wire(me);
    let count = 40;
    send_reservations(&wire, me, count);
    let sent = format!("{count} RESERVEs at once, while each sync takes 0.5 s");
    let receive =
        |_| wire.receive(me, SOON).unwrap_or_else(|| fail(&sent, "as many replies", "fewer"));
    let mut left: Vec<i32> = (0..count).map(receive).map(|reply| reply.seats.get()).collect();
    left.sort_unstable();
    same(format!("{sent}: seats left"), (160..200).collect::<Vec<i32>>(), left);
    let trace = strace.finish();
    let syncs = trace.lines().filter(|line| line.contains("fdatasync(")).count();
    // The first takes those that came before it was begun, the second all others; each half second
    // for which a busy machine keeps the sender, or the server's threads, from running costs one
    // more.
    holds((1..=8).contains(&syncs), sent, "1 to 8 syncs", format!("{syncs} of them:\n{trace}"));
    Ok(())
}

/// Whoever asks for no syncs gets none.
pub fn process_durability_syncs_nothing(target: &Target) -> Verdict {
    let server = Server::start_with(target, &shows::sample(), &["--durability", "process"]);
    let strace = strace(&server.processes(), &["-e", "trace=fdatasync,pwrite64"])?;
    let mut client = server.client();
    (1..=5).for_each(|n| reserve(&mut client, 1, 1, (Status::Ok, 200 - n)));
    let trace = strace.finish();
    let count = |call: &str| trace.lines().filter(|line| line.contains(call)).count();
    let came = (count("pwrite64("), count("fdatasync("));
    holds(came == (5, 0), "5 RESERVEs", "5 writes, 0 syncs", format!("{came:?}:\n{trace}"));
    Ok(())
}

/// A count is shown when it is synced, no sooner.
pub fn no_reader_sees_a_count_before_its_sync(target: &Target) -> Verdict {
    const DELAY: Duration = Duration::from_millis(500);
    let server = Server::start(target);
    let inject = format!("inject=fdatasync:delay_enter={}", DELAY.as_micros());
    let strace = strace(&server.processes(), &["-e", "trace=fdatasync", "-e", &inject])?;
    let me = gettid().as_raw();
    let mut wire = server.wire(me);
    let before = Instant::now();
    let request = Request::new(me, 1, Ask::Reserve { show: 1, seats: 5 });
    wire.send(RequestClass::Reservation, request.as_bytes());
    // The count is written and its sync has begun, or is about to.
    wait::until_true("a write", SOON, || server.table_on_disk().rows[0].seats == 195);
    // A client of its own, which has a thread of its own.
    let view = || thread::scope(|scope| scope.spawn(|| server.client().view(1)).join());
    let seen = view().expect("VIEW is answered");
    // A machine so loaded that a VIEW takes longer than the sync proves nothing.
    let is_old = seen == 200 || before.elapsed() >= DELAY;
    holds(is_old, "VIEW while a RESERVE of 5 of 200 seats is being synced", 200, seen);
    let status = wire.receive(me, SOON).and_then(|reply| reply.status());
    same("RESERVE with a slow sync", Some(Status::Ok), status);
    same("VIEW after it", 195, view().expect("VIEW is answered"));
    drop(strace);
    Ok(())
}

/// Four bytes of the data file change, and no file is replaced.
pub fn a_count_is_overwritten_in_place_and_nothing_else_is(target: &Target) -> Verdict {
    let server = Server::start(target);
    let strace = strace(&server.processes(), &["-e", "trace=pwrite64,ftruncate,openat,rename"])?;
    let mut client = server.client();
    (1..=5).for_each(|n| reserve(&mut client, 1, 1, (Status::Ok, 200 - n)));
    let trace = strace.finish();
    let writes: Vec<&str> = trace.lines().filter(|line| line.contains("pwrite64(")).collect();
    let in_place = |line: &&str| line.contains(", 4, 68) ") && line.ends_with("= 4");
    let is_kept = writes.len() == 5
        && writes.iter().all(in_place)
        && !trace.contains("ftruncate(")
        && !trace.contains("spectacles");
    holds(is_kept, "5 RESERVEs of show 1", "5 writes of 4 bytes at byte 68, no more", trace);
    Ok(())
}

/// What a crash has left in memory only is on disk before anybody is answered.
pub fn a_start_writes_the_table_back_and_syncs_it_before_it_is_ready(target: &Target) -> Verdict {
    let Ok(_) = Command::new("strace").arg("-V").output() else {
        return Err(Skipped::Lacks("strace"));
    };
    let mut server = Server::prepare(target, &[]);
    server.write_data_file(shows::sample().as_bytes());
    let trace = server.base().join("trace");
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-e", "trace=pwrite64,fdatasync,write", "-o"]).arg(&trace);
    command.arg(target.program()).arg("--dir").arg(server.dir());
    if !target.stage().mechanism().is_found_through_dir() {
        command.args(["--listen", "127.0.0.1:0"]);
    }
    server.launch_as(command);
    // The one that was started is strace, which ends when the server does, and like it.
    let holder = common::server::lock::holder(&server.dir()).expect("the lock can be read");
    let first = holder.expect("it names the server").pid;
    kill(Pid::from_raw(first), Signal::SIGTERM).expect("the server runs");
    let status = server.wait(SOON);
    holds(status.success(), "SIGTERM", "exit status 0", server.last_words());
    let trace = fs::read_to_string(trace).expect("strace has written it");
    let ready = trace.find("\"ready ").expect("the ready line is a write");
    let written = trace.find(", 720, 0) ").unwrap_or(usize::MAX);
    let synced = trace.find("fdatasync(").unwrap_or(usize::MAX);
    let is_kept = written < synced && synced < ready;
    holds(is_kept, "a start", "a write of 720 bytes, a sync, the ready line", trace);
    Ok(())
}
