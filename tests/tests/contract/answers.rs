//! One client at a time: each question gets the protocol's answer.

use common::ask::Ask;
use common::reply::{Reply, Status};
use common::request::Request;
use common::shows;
use harness::server::Server;
use harness::stage::{Stage, is_ours};
use harness::strace::Strace;
use harness::wait;
use harness::wire::{RequestClass, Wire};
use nix::unistd::gettid;
use rstest_reuse::apply;
use std::time::Duration;
use zerocopy::IntoBytes;
use zerocopy::little_endian::I32;

use crate::every_stage;

const SOON: Duration = Duration::from_secs(10);
/// Malformed requests that are so by their place only; they stand first.
const WRONG_PLACES: usize = 3;

#[apply(every_stage)]
fn the_table_is_listed_as_it_is_on_disk(stage: Stage) {
    let server = Server::start(stage);
    let reply = *server.client().ask(Ask::List).unwrap();
    assert_eq!(reply.status(), Some(Status::Ok));
    assert_eq!(reply.rows(), &server.table_on_disk().rows);
    assert_eq!((reply.show.get(), reply.seats.get()), (0, 0));
}

#[apply(every_stage)]
fn a_view_tells_the_seats_of_one_show(stage: Stage) {
    let server = Server::start(stage);
    let mut client = server.client();
    for row in shows::sample().rows.iter().filter(|row| row.id != 0) {
        let reply = client.ask(Ask::View { show: row.id.get() }).unwrap();
        let expected = (Some(Status::Ok), row.id, row.seats, 0);
        assert_eq!((reply.status(), reply.show, reply.seats, reply.count.get()), expected);
    }
}

#[apply(every_stage)]
fn a_reply_carries_the_pid_of_the_process_that_answered(stage: Stage) {
    let server = Server::start(stage);
    let pids: Vec<i32> = server.threads().iter().map(|thread| thread.pid).collect();
    let mut client = server.client();
    for ask in [Ask::List, Ask::View { show: 1 }, Ask::Reserve { show: 1, seats: 1 }] {
        let reply = client.ask(ask).unwrap();
        assert!(pids.contains(&reply.server.get()), "{reply:?} is of none of {pids:?}");
    }
}

#[apply(every_stage)]
fn every_wrong_number_is_refused_and_changes_nothing(stage: Stage) {
    let server = Server::start(stage);
    let mut client = server.client();
    let before = server.table_on_disk();
    for show in [0, 9, 10, 11, -1, i32::MIN, i32::MAX] {
        let reply = client.ask(Ask::View { show }).unwrap();
        assert_eq!((reply.status(), reply.seats.get()), (Some(Status::UnknownShow), 0), "{show}");
        assert_eq!(client.reserve(show, 1), (Status::UnknownShow, 0), "{show}");
        assert_eq!(client.reserve(show, -1), (Status::UnknownShow, 0), "{show}");
    }
    for seats in [0, -1, i32::MIN] {
        assert_eq!(client.reserve(8, seats).0, Status::BadSeats, "{seats}");
    }
    for seats in [41, 1_000_000, i32::MAX] {
        assert_eq!(client.reserve(8, seats), (Status::NotEnoughSeats, 40), "{seats}");
    }
    assert_eq!(client.view(8), 40);
    assert_eq!(server.table_on_disk(), before);
}

#[apply(every_stage)]
fn a_reservation_lowers_the_count_at_once_and_for_good(stage: Stage) {
    let mut server = Server::start(stage);
    {
        let mut client = server.client();
        assert_eq!(client.reserve(3, 2), (Status::Ok, 118));
        assert_eq!(client.view(3), 118);
        assert_eq!(client.reserve(3, 118), (Status::Ok, 0));
        assert_eq!(client.reserve(3, 1), (Status::NotEnoughSeats, 0));
        assert_eq!(client.reserve(8, 39), (Status::Ok, 1));
    }
    assert_eq!(server.table_on_disk().rows[2].seats, 0);
    server.stop();
    server.launch();
    let mut client = server.client();
    assert_eq!((client.view(3), client.view(8), client.view(1)), (0, 1, 200));
}

#[apply(every_stage)]
fn requests_in_flight_get_their_own_replies(stage: Stage) {
    let server = Server::start(stage);
    let me = gettid().as_raw();
    let mut wire = Wire::open(stage, &server.dir(), me).unwrap();
    let sample = shows::sample();
    let asked: Vec<Request> =
        (0..20).map(|n| Request::new(me, 1000 + n as u64, Ask::View { show: n % 8 + 1 })).collect();
    for request in &asked {
        wire.send(RequestClass::Consultation, request.as_bytes());
    }
    let mut replies: Vec<Reply> =
        (0..20).map(|_| wire.receive(me, SOON).expect("a reply")).collect();
    replies.sort_by_key(|reply| reply.nonce.get());
    for (request, reply) in asked.iter().zip(&replies) {
        let seats = sample.rows[request.show.get() as usize - 1].seats;
        assert_eq!((reply.nonce, reply.show, reply.seats), (request.nonce, request.show, seats));
    }
    assert_eq!(wire.receive(me, Duration::ZERO), None);
}

#[apply(every_stage)]
fn a_malformed_request_is_a_bad_request_and_sells_nothing(stage: Stage) {
    let server = Server::start(stage);
    let me = gettid().as_raw();
    let mut wire = Wire::open(stage, &server.dir(), me).unwrap();
    let reserve = Request::new(me, 7, Ask::Reserve { show: 1, seats: 1 });
    let list = Request::new(me, 7, Ask::List);
    let malformed = [
        ("RESERVE among the consultations", RequestClass::Consultation, reserve),
        ("LIST among the reservations", RequestClass::Reservation, list),
        (
            "VIEW among the reservations",
            RequestClass::Reservation,
            Request::new(me, 7, Ask::View { show: 1 }),
        ),
        ("kind 0", RequestClass::Consultation, Request { kind: I32::new(0), ..list }),
        ("kind 4", RequestClass::Consultation, Request { kind: I32::new(4), ..list }),
        ("kind -1", RequestClass::Reservation, Request { kind: I32::new(-1), ..reserve }),
        ("reserved 1", RequestClass::Reservation, Request { reserved: I32::new(1), ..reserve }),
        ("reserved -1", RequestClass::Consultation, Request { reserved: I32::new(-1), ..list }),
    ];
    // Where all requests come in at one place, only the others can be wrong.
    let wrong_places = if stage.mechanism().has_places() { 0 } else { WRONG_PLACES };
    for (what, class, request) in malformed.into_iter().skip(wrong_places) {
        wire.send(class, request.as_bytes());
        let reply = wire.receive(me, SOON).unwrap_or_else(|| panic!("no reply to {what}"));
        let seen = (reply.status(), reply.nonce.get(), reply.count.get(), reply.seats.get());
        assert_eq!(seen, (Some(Status::BadRequest), 7, 0, 0), "{what}");
    }
    drop(wire);
    assert_eq!(server.client().view(1), 200);
}

#[apply(every_stage)]
fn a_field_that_a_request_does_not_use_is_ignored(stage: Stage) {
    let server = Server::start(stage);
    let me = gettid().as_raw();
    let mut wire = Wire::open(stage, &server.dir(), me).unwrap();
    let list =
        Request { show: I32::new(-7), seats: I32::new(-7), ..Request::new(me, 1, Ask::List) };
    wire.send(RequestClass::Consultation, list.as_bytes());
    let reply = wire.receive(me, SOON).expect("a reply");
    assert_eq!((reply.status(), reply.show.get(), reply.seats.get()), (Some(Status::Ok), 0, 0));
    let view = Request { seats: I32::new(-7), ..Request::new(me, 2, Ask::View { show: 2 }) };
    wire.send(RequestClass::Consultation, view.as_bytes());
    let reply = wire.receive(me, SOON).expect("a reply");
    assert_eq!((reply.status(), reply.seats.get()), (Some(Status::Ok), 150));
}

#[apply(every_stage)]
fn a_call_that_is_interrupted_is_made_again(stage: Stage) {
    let name = "a_call_that_is_interrupted_is_made_again";
    // A process that also receives without waiting, which the kernel never interrupts, is no case.
    let is_mixed = [Stage::Q3Threads, Stage::Q4ThreadPerRequest].contains(&stage);
    if !is_ours(name) || is_mixed {
        return;
    }
    let server = Server::start(stage);
    let mut workers: Vec<i32> = server.threads().iter().map(|thread| thread.pid).collect();
    workers.retain(|&pid| pid != server.pid() || stage.processes() == 1);
    workers.dedup();
    let calls = "read,msgrcv,recvfrom";
    let (trace, inject) =
        (format!("trace={calls}"), format!("inject={calls}:error=EINTR:when=2+2"));
    let Some(strace) = Strace::attach(name, &workers, &["-e", &trace, "-e", &inject]) else {
        return;
    };
    let mut client = server.client();
    for n in 1..=20 {
        assert_eq!(client.reserve(1, 1), (Status::Ok, 200 - n));
        assert_eq!(client.view(1), 200 - n);
    }
    // A call that strace leaves in the middle of its injection fails with ENOSYS.
    let at_rest = || server.threads().iter().all(|thread| thread.state == 'S');
    wait::until_true("a server at rest", SOON, at_rest);
    let trace = strace.finish();
    assert!(trace.matches("EINTR").count() >= 20, "{trace}");
}
