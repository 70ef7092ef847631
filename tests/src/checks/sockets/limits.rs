//! Too many connections, too few descriptors: whoever finds no room is told, and nothing spins.

use std::process::Command;
use std::time::Duration;

use common::client::ask::Ask;
use common::protocol::reply::Status;

use super::raw::{Next, Raw, SOON, request, sockets, start};
use crate::checks::asked::{reserve, strace, view};
use crate::checks::check::{Check, Skipped, Verdict};
use crate::evidence::{holds, same};
use crate::server::Server;
use crate::stage::Stage;
use crate::target::Target;
use crate::wait;

const VIEW: Ask = Ask::View { show: 3 };
/// What a connection must have been idle for to make room.
const IDLE: Duration = Duration::from_secs(1);

const OPTION: &str = "another server has no --max-connections";

/// The checks of this file.
pub const CHECKS: &[Check] = &[
    check!(
        P7,
        a_connection_without_room_reads_that_the_server_is_busy,
        "Is a connection beyond --max-connections told BUSY, also if it has sent much?",
        OPTION
    ),
    check!(
        P7,
        the_connection_idle_longest_makes_room_and_its_client_connects_again,
        "Does a silent connection make room for a new one, and its client connect again?",
        OPTION
    ),
    check!(
        P7,
        whoever_makes_room_is_told,
        "Is a connection that has to go told BUSY before it is closed?",
        OPTION
    ),
    check!(
        P7,
        without_descriptors_connections_wait_and_nothing_spins,
        "Do connections wait while the server has no descriptor for them, and does it rest?",
        "strace looks at calls that another server need not make"
    ),
    check!(
        P7,
        without_memory_for_a_thread_a_connection_is_told_busy_and_the_server_goes_on,
        "Is a connection told BUSY for whose thread there is no memory, and are others served?",
        "strace fails a call that another server need not make"
    ),
    check!(
        P7,
        too_few_descriptors_lower_the_limit_and_the_log_says_so,
        "Does the server allow no more connections than it has descriptors for, and say so?",
        "another server has a log of its own"
    ),
];

/// Whoever finds no room reads so.
pub fn a_connection_without_room_reads_that_the_server_is_busy(target: &Target) -> Verdict {
    let server = start(target, &["--max-connections", "2"]);
    let mut members = [Raw::open(&server), Raw::open(&server)];
    let sent = "50 RESERVEs on a third connection of two";
    for _ in 0..20 {
        // Both ask again and again, so that neither is idle.
        for member in &mut members {
            member.send(&request(1, VIEW));
            member.expect("VIEW on one of two connections", Status::Ok, 1);
        }
        let mut third = Raw::open(&server);
        // What it sends is never read, and must not destroy the answer.
        third.send(&request(2, Ask::Reserve { show: 3, seats: 1 }).repeat(50));
        third.expect(sent, Status::Busy, 0);
        holds(third.is_taken(), sent, "a connection that takes more", "a reset");
        third.expect_close(sent);
    }
    let output = server.client_program(&["reserve", "3", "1"]).output();
    let output = output.expect("the client can be started");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let is_told = text.contains("busy, nothing was done") && output.status.code() == Some(2);
    holds(is_told, "client reserve 3 1", "`busy, nothing was done`, exit status 2", text);
    members[0].send(&request(3, VIEW));
    same("VIEW: seats", 120, members[0].reply("VIEW").seats.get());
    Ok(())
}

/// Room is made where it is missed least.
pub fn the_connection_idle_longest_makes_room_and_its_client_connects_again(
    target: &Target,
) -> Verdict {
    let server = start(target, &["--max-connections", "2"]);
    let at_rest = sockets(&server);
    let mut client = server.client();
    view(&mut client, 3, 120);
    let mut active = Raw::open(&server);
    wait::until(IDLE + Duration::from_millis(100), || {
        active.send(&request(1, VIEW));
        active.told("VIEW on one of two connections");
        None::<()>
    });
    let mut new = Raw::open(&server);
    new.send(&request(2, VIEW));
    new.expect("VIEW on a third connection, when one of two is silent", Status::Ok, 2);
    active.send(&request(3, VIEW));
    active.expect("VIEW on the connection that was not silent", Status::Ok, 3);
    // Nothing was asked on the connection that had to go, so nothing is unknown.
    drop(new);
    wait::until_true("there is room", SOON, || sockets(&server) == at_rest + 1);
    reserve(&mut client, 3, 1, (Status::Ok, 119));
    Ok(())
}

/// Nobody is closed without a word.
pub fn whoever_makes_room_is_told(target: &Target) -> Verdict {
    let server = start(target, &["--max-connections", "1"]);
    let mut first = Raw::open(&server);
    let quiet = first.next(IDLE + Duration::from_millis(100));
    same("nothing, on the only connection: what comes", Next::Nothing, quiet);
    let mut second = Raw::open(&server);
    second.send(&request(2, VIEW));
    second.expect("VIEW on a second connection of one", Status::Ok, 2);
    first.expect("nothing, on a connection that has to go", Status::Busy, 0);
    first.expect_close("nothing, on a connection that has to go");
    Ok(())
}

fn limit_descriptors(server: &Server, limit: &str) {
    let pid = server.pid().to_string();
    let set = Command::new("prlimit").args(["--pid", &pid, &format!("--nofile={limit}")]).status();
    assert!(set.expect("util-linux is installed").success(), "prlimit --nofile={limit}");
}

/// A thread that finds no memory costs one connection.
pub fn without_memory_for_a_thread_a_connection_is_told_busy_and_the_server_goes_on(
    target: &Target,
) -> Verdict {
    if target.stage() == Stage::Q9Events {
        return Err(Skipped::LeftOut("it has no thread for each connection"));
    }
    let server = start(target, &[]);
    // The first mmap of each thread fails: the accepting thread's is for a new thread's stack, and a
    // new thread's own would be for a second stack.
    let fault = ["-e", "trace=mmap", "-e", "inject=mmap:error=ENOMEM:when=1"];
    let strace = strace(&[server.pid()], &fault)?;
    let mut refused = Raw::open(&server);
    refused.send(&request(1, VIEW));
    refused.expect("VIEW on a connection for whose thread there is no memory", Status::Busy, 0);
    let mut second = Raw::open(&server);
    second.send(&request(2, VIEW));
    second.expect("VIEW on the next connection", Status::Ok, 2);
    drop(strace);
    Ok(())
}

/// Without a descriptor the queue of connections is a queue, and no reason to run in circles.
pub fn without_descriptors_connections_wait_and_nothing_spins(target: &Target) -> Verdict {
    let server = start(target, &[]);
    let mut client = server.client();
    view(&mut client, 3, 120);
    // Descriptors are given from the lowest free number on.
    let is_free = |number: &u32| {
        std::fs::symlink_metadata(format!("/proc/{}/fd/{number}", server.pid())).is_err()
    };
    let free = (0..).find(is_free).expect("there are free numbers");
    limit_descriptors(&server, &format!("{free}:1024"));
    let strace = strace(&[server.pid()], &["-e", "trace=accept4"])?;
    let mut waiting = Raw::open(&server);
    waiting.send(&request(1, VIEW));
    let sent = "VIEW on a connection for which the server has no descriptor";
    same(format!("{sent}: for 1 s"), Next::Nothing, waiting.next(Duration::from_secs(1)));
    reserve(&mut client, 3, 1, (Status::Ok, 119));
    limit_descriptors(&server, "1024:1024");
    waiting.expect(&format!("{sent}; then it has one"), Status::Ok, 1);
    let trace = strace.finish();
    let tries = trace.lines().filter(|line| line.contains("EMFILE")).count();
    let came = format!("{tries} of them:\n{trace}");
    holds((1..=25).contains(&tries), sent, "1 to 25 tries to accept it in a second", came);
    let said = server.log().matches("cannot accept connections, they wait").count();
    same(format!("{sent}: lines of it in the log"), 1, said);
    Ok(())
}

/// A limit that cannot be kept is lowered.
pub fn too_few_descriptors_lower_the_limit_and_the_log_says_so(target: &Target) -> Verdict {
    let server = start(target, &[]);
    let is_silent = !server.log().contains("are enough for");
    holds(is_silent, "a start with many descriptors", "no word of it", server.log());
    let mut server = Server::prepare(target, &[]);
    let mut command = Command::new("sh");
    let script = "ulimit -n 150; exec \"$0\" --dir \"$1\" --listen 127.0.0.1:0";
    command.args(["-c", script]).arg(target.program()).arg(server.dir());
    server.launch_as(command);
    let expected = "150 descriptors (ulimit -Hn) are enough for 22 connections";
    holds(server.log().contains(expected), "a start with 150 descriptors", expected, server.log());
    // All stay open until the last is told: one that closes makes room for another.
    let mut connections: Vec<Raw> = (0..40).map(|_| Raw::open(&server)).collect();
    let mut told = 0;
    for raw in &mut connections {
        raw.send(&request(1, VIEW));
        told += usize::from(raw.told("VIEW on one of 40 connections").0 == Some(Status::Busy));
    }
    holds(told >= 10, "VIEW on 40 connections", "BUSY on at least 10", told);
    Ok(())
}
