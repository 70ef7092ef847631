//! What only the pipes promise: hostile paths, garbage in a FIFO, four system calls for a VIEW.

#![expect(clippy::unwrap_used, reason = "a test's helpers may panic as the test itself")]

use std::fs::{self, File};
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::os::unix::fs::{chown, symlink};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::client::ask::Ask;
use common::protocol::reply::{Reply, Status};
use common::protocol::request::Request;
use harness::client::Client;
use harness::machine::capability::{Capability, has};
use harness::server::Server;
use harness::stage::{Stage, skip};
use harness::wait;
use harness::wire::{RequestClass, Wire};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, gettid};
use q1_pipes::armour::inbox;
use q1_pipes::fifo::{self, Fifo};
use zerocopy::IntoBytes;

const SOON: Duration = Duration::from_secs(10);
/// A process id that Linux never gives.
const STRANGER: i32 = i32::MAX;

/// A server with a hostile object in the place of a stranger's reply FIFO, and that object's path.
fn with_trap(make: impl Fn(&std::path::Path)) -> (Server, std::path::PathBuf) {
    let server = Server::start(Stage::Q1Pipes);
    let path = server.dir().join(inbox::name(STRANGER));
    make(&path);
    let mut wire = Wire::open(Stage::Q1Pipes, &server.dir(), gettid().as_raw()).unwrap();
    for client in [STRANGER, gettid().as_raw()] {
        let view = Request::new(client, 1, Ask::View { show: 3 });
        wire.send(RequestClass::Consultation, view.as_bytes());
    }
    // The FIFO is answered in order: the stranger was answered before us.
    assert!(wire.receive(gettid().as_raw(), SOON).is_some());
    (server, path)
}

#[test]
fn a_reply_is_never_written_into_a_file_or_through_a_link() {
    let outside = tempfile::tempdir().unwrap();
    let file = outside.path().join("file");
    fs::write(&file, "precious").unwrap();
    let (server, path) = with_trap(|path| symlink(&file, path).unwrap());
    assert_eq!(fs::read_to_string(&file).unwrap(), "precious");
    fs::remove_file(path).unwrap();
    drop(server);
    let (server, path) = with_trap(|path| fs::write(path, "precious").unwrap());
    assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
    fs::remove_file(path).unwrap();
    drop(server);
    let (_server, path) = with_trap(|path| symlink(outside.path().join("new"), path).unwrap());
    assert!(!outside.path().join("new").exists());
    fs::remove_file(path).unwrap();
}

/// Checks that nothing arrived at the reading end of a trap.
fn assert_empty(mut reader: &File) {
    let error = reader.read(&mut [0]).expect_err("a reply arrived");
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
}

#[test]
fn a_reply_is_never_written_into_a_fifo_of_somebody_else() {
    if !has(&[Capability::Chown]) {
        skip("a_reply_is_never_written_into_a_fifo_of_somebody_else", "CAP_CHOWN");
        return;
    }
    let base = tempfile::tempdir().unwrap();
    let theirs = Fifo::create(base.path().join("theirs")).unwrap();
    let reader = fifo::open_reader(theirs.path()).unwrap();
    // Kept open across the change of owner, so that a reply would find a reader.
    let _writer = fifo::open_writer(theirs.path()).unwrap();
    let (_server, path) = with_trap(|path| {
        fs::rename(theirs.path(), path).unwrap();
        chown(path, Some(12345), None).unwrap();
    });
    assert_empty(&reader);
    fs::remove_file(path).unwrap();
}

#[test]
fn a_request_fifo_under_a_second_name_gets_no_replies() {
    let debug = ["--log-level", "debug"];
    let mut server = Server::start_with(Stage::Q1Pipes, &common::booking::shows::sample(), &debug);
    // A reply's status stands where a request has its client: read as a request, the refusal (4)
    // would be refused again, to the same client, for ever.
    let client = Status::BadRequest as i32;
    let path = server.dir().join(inbox::name(client));
    let mut wire = Wire::open(Stage::Q1Pipes, &server.dir(), gettid().as_raw()).unwrap();
    fs::hard_link(server.dir().join("consult.fifo"), &path).unwrap();
    let bad = Request { kind: 9.into(), ..Request::new(client, 1, Ask::List) };
    wire.send(RequestClass::Consultation, bad.as_bytes());
    wire.send(RequestClass::Consultation, Request::new(gettid().as_raw(), 2, Ask::List).as_bytes());
    assert!(wire.receive(gettid().as_raw(), SOON).is_some());
    fs::remove_file(path).unwrap();
    drop(wire);
    server.stop();
    assert_eq!(server.log().matches("bad_request").count(), 1, "{}", server.last_words());
}

#[test]
fn a_client_does_not_take_a_file_for_the_request_fifo() {
    let mut server = Server::start(Stage::Q1Pipes);
    server.stop();
    let path = server.dir().join("consult.fifo");
    fs::write(&path, "").unwrap();
    let error = Client::open(Stage::Q1Pipes, &server.dir(), SOON).unwrap_err();
    assert!(format!("{error:#}").contains("it is not a FIFO"), "{error:#}");
    assert_eq!(fs::read(&path).unwrap(), b"");
    server.launch();
    assert_eq!(server.client().view(3), 120);
}

#[test]
fn one_stray_byte_ahead_of_a_hundred_requests_loses_none() {
    let server = Server::start(Stage::Q1Pipes);
    let me = gettid().as_raw();
    let mut wire = Wire::open(Stage::Q1Pipes, &server.dir(), me).unwrap();
    for nonce in 1..=100 {
        if nonce % 10 == 1 {
            wire.send(RequestClass::Reservation, b"S");
        }
        let reserve = Request::new(me, nonce, Ask::Reserve { show: 1, seats: 1 });
        wire.send(RequestClass::Reservation, reserve.as_bytes());
    }
    for nonce in 1..=100 {
        let reply = wire.receive(me, SOON).expect("a reply");
        let seen = (reply.nonce.get(), reply.status(), reply.seats.get());
        assert_eq!(seen, (nonce, Some(Status::Ok), 200 - nonce as i32));
    }
}

#[test]
fn a_client_is_answered_whose_fifo_others_have_filled() {
    let server = Server::start(Stage::Q1Pipes);
    let mut client = Client::open(Stage::Q1Pipes, &server.dir(), SOON).unwrap();
    let end = fifo::open_writer(&inbox::path(&server.dir(), gettid().as_raw())).unwrap();
    let other = Request::new(gettid().as_raw(), 1, Ask::View { show: 1 });
    let other = Reply::new(&other, Status::Ok, 1);
    let crowd_out = || {
        let full = std::iter::repeat_with(|| (&end).write(other.bytes())).find_map(Result::err);
        assert_eq!(full.map(|error| error.kind()), Some(ErrorKind::WouldBlock));
    };
    crowd_out();
    // Only time tells a client that has been away.
    let away = Instant::now();
    wait::until_true("a long silence", SOON, || away.elapsed() > Duration::from_millis(100));
    assert_eq!(client.view(3), 120);
    // One that is asking sees it by what comes.
    (&end).write_all(other.bytes()).unwrap();
    assert_eq!(client.view(3), 120);
    crowd_out();
    assert_eq!(client.view(3), 120);
}

#[test]
fn a_steady_view_costs_four_system_calls_on_both_sides_together() {
    const VIEWS: usize = 1000;
    let server = Server::start(Stage::Q1Pipes);
    let mut client = server.client();
    client.view(3);
    let worker = server.threads().iter().find(|thread| thread.name == "q1 consult").unwrap().pid;
    let (counts, me) = (server.base().join("counts"), gettid().to_string());
    let strace = Command::new("strace")
        .args(["-c", "-U", "calls,name", "-p", &worker.to_string(), "-p", &me, "-o"])
        .arg(&counts)
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut strace) = strace else {
        return skip("a_steady_view_costs_four_system_calls", "strace");
    };
    let mut said = BufReader::new(strace.stderr.take().unwrap()).lines().map_while(Result::ok);
    let attached = said.by_ref().take(2).filter(|line| line.ends_with(" attached")).count();
    if attached != 2 {
        strace.wait().unwrap();
        return skip(
            "a_steady_view_costs_four_system_calls",
            "the right to trace its own children",
        );
    }
    for _ in 0..VIEWS {
        client.view(3);
    }
    kill(Pid::from_raw(strace.id() as i32), Signal::SIGINT).unwrap();
    strace.wait().unwrap();
    let counts = fs::read_to_string(counts).unwrap();
    let total = counts.lines().find(|line| line.ends_with(" total")).expect("a line of totals");
    let calls: usize = total.split_whitespace().next().unwrap().parse().unwrap();
    // Besides: the test's own calls, and a few for the ticks of the clock.
    assert!((4 * VIEWS..4 * VIEWS + 200).contains(&calls), "{counts}");
}

#[test]
fn the_data_file_is_byte_for_byte_that_of_the_queues() {
    let [pipes, queues] = [Stage::Q1Pipes, Stage::Q2Msgqueue].map(|stage| {
        let server = Server::start(stage);
        let mut client = server.client();
        for (show, seats) in [(3, 2), (8, 40), (8, 1), (1, 200), (99, 1), (2, 0), (5, 7)] {
            client.reserve(show, seats);
        }
        fs::read(server.data_file()).unwrap()
    });
    assert_eq!(pipes, queues);
}
