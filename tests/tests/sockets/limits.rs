//! Too many connections, too few descriptors: whoever finds no room is told, and nothing spins.

use std::process::Command;
use std::time::Duration;

use common::ask::Ask;
use common::reply::Status;
use harness::server::Server;
use harness::strace::Strace;
use harness::wait;

use crate::raw::{Next, Raw, SOON, request, start};

const VIEW: Ask = Ask::View { show: 3 };
/// What a connection must have been idle for to make room.
const IDLE: Duration = Duration::from_secs(1);

#[test]
fn a_connection_without_room_reads_that_the_server_is_busy() {
    let server = start(&["--max-connections", "2"]);
    let mut members = [Raw::open(&server), Raw::open(&server)];
    for _ in 0..20 {
        // Both ask again and again, so that neither is idle.
        for member in &mut members {
            member.send(&request(1, VIEW));
            assert_eq!(member.told(), (Some(Status::Ok), 1));
        }
        let mut third = Raw::open(&server);
        // What it sends is never read, and must not destroy the answer.
        third.send(&request(2, Ask::Reserve { show: 3, seats: 1 }).repeat(50));
        assert_eq!(third.told(), (Some(Status::Busy), 0));
        assert!(third.is_taken());
        assert_eq!(third.next(SOON), Next::Closed);
    }
    let output = server.client_program(&["reserve", "3", "1"]).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("busy, nothing was done") && output.status.code() == Some(2), "{text}");
    members[0].send(&request(3, VIEW));
    let Next::Reply(reply) = members[0].next(SOON) else { panic!("no reply") };
    assert_eq!(reply.seats, 120);
}

#[test]
fn the_connection_idle_longest_makes_room_and_its_client_connects_again() {
    let server = start(&["--max-connections", "2"]);
    let mut client = server.client();
    assert_eq!(client.view(3), 120);
    let mut active = Raw::open(&server);
    wait::until(IDLE + Duration::from_millis(100), || {
        active.send(&request(1, VIEW));
        active.told();
        None::<()>
    });
    let mut new = Raw::open(&server);
    new.send(&request(2, VIEW));
    assert_eq!(new.told(), (Some(Status::Ok), 2));
    active.send(&request(3, VIEW));
    assert_eq!(active.told(), (Some(Status::Ok), 3));
    // Nothing was asked on the connection that had to go, so nothing is unknown.
    drop(new);
    let is_gone = || server.threads().iter().filter(|it| it.name == "q5 connection").count() == 1;
    wait::until_true("there is room", SOON, is_gone);
    assert_eq!(client.reserve(3, 1), (Status::Ok, 119));
}

#[test]
fn whoever_makes_room_is_told() {
    let server = start(&["--max-connections", "1"]);
    let mut first = Raw::open(&server);
    assert_eq!(first.next(IDLE + Duration::from_millis(100)), Next::Nothing);
    let mut second = Raw::open(&server);
    second.send(&request(2, VIEW));
    assert_eq!(second.told(), (Some(Status::Ok), 2));
    assert_eq!(first.told(), (Some(Status::Busy), 0));
    assert_eq!(first.next(SOON), Next::Closed);
}

fn limit_descriptors(server: &Server, limit: &str) {
    let pid = server.pid().to_string();
    let set = Command::new("prlimit").args(["--pid", &pid, &format!("--nofile={limit}")]).status();
    assert!(set.unwrap().success());
}

#[test]
fn without_descriptors_connections_wait_and_nothing_spins() {
    let name = "without_descriptors_connections_wait_and_nothing_spins";
    let server = start(&[]);
    let mut client = server.client();
    assert_eq!(client.view(3), 120);
    // Descriptors are given from the lowest free number on.
    let is_free = |number: &u32| {
        std::fs::symlink_metadata(format!("/proc/{}/fd/{number}", server.pid())).is_err()
    };
    let free = (0..).find(is_free).unwrap();
    limit_descriptors(&server, &format!("{free}:1024"));
    let Some(strace) = Strace::attach(name, &[server.pid()], &["-e", "trace=accept4"]) else {
        return;
    };
    let mut waiting = Raw::open(&server);
    waiting.send(&request(1, VIEW));
    assert_eq!(waiting.next(Duration::from_secs(1)), Next::Nothing);
    assert_eq!(client.reserve(3, 1), (Status::Ok, 119), "those that are there are served");
    limit_descriptors(&server, "1024:1024");
    assert_eq!(waiting.told(), (Some(Status::Ok), 1));
    let trace = strace.finish();
    let tries = trace.lines().filter(|line| line.contains("EMFILE")).count();
    assert!((1..=20).contains(&tries), "{tries} tries in a second:\n{trace}");
    assert_eq!(server.log().matches("cannot accept connections, they wait").count(), 1);
}

#[test]
fn without_memory_for_a_thread_a_connection_is_told_busy_and_the_server_goes_on() {
    let name = "without_memory_for_a_thread_a_connection_is_told_busy_and_the_server_goes_on";
    let server = start(&[]);
    // The first mmap of each thread fails: the accepting thread's is for a new thread's stack, and a
    // new thread's own would be for a second stack.
    let fault = ["-e", "trace=mmap", "-e", "inject=mmap:error=ENOMEM:when=1"];
    let Some(strace) = Strace::attach(name, &[server.pid()], &fault) else { return };
    let mut refused = Raw::open(&server);
    refused.send(&request(1, VIEW));
    assert_eq!(refused.told(), (Some(Status::Busy), 0));
    let mut second = Raw::open(&server);
    second.send(&request(2, VIEW));
    assert_eq!(second.told(), (Some(Status::Ok), 2));
    drop(strace);
}

#[test]
fn too_few_descriptors_lower_the_limit_and_the_log_says_so() {
    let server = start(&[]);
    assert!(!server.log().contains("are enough for"), "{}", server.log());
    let mut server = Server::prepare(harness::stage::Stage::Q5Sockets, &[]);
    let mut command = Command::new("sh");
    let program = server.stage().server();
    let script = "ulimit -n 150; exec \"$0\" --dir \"$1\" --listen 127.0.0.1:0";
    command.args(["-c", script]).arg(program).arg(server.dir());
    server.launch_as(command);
    assert!(server.log().contains("150 descriptors (ulimit -Hn) are enough for 22 connections"));
    // All stay open until the last is told: one that closes makes room for another.
    let mut connections: Vec<Raw> = (0..40).map(|_| Raw::open(&server)).collect();
    let mut told = 0;
    for raw in &mut connections {
        raw.send(&request(1, VIEW));
        told += usize::from(raw.told().0 == Some(Status::Busy));
    }
    assert!(told >= 10, "{told} of 40 were told");
}
