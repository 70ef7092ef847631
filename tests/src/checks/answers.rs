//! One client at a time: each question gets the protocol's answer.

use std::time::Duration;

use common::ask::Ask;
use common::reply::{Reply, Status};
use common::request::Request;
use common::shows;
use nix::unistd::gettid;
use zerocopy::IntoBytes;
use zerocopy::little_endian::I32;

use crate::checks::asked::{reserve, strace, view};
use crate::checks::check::{Check, Skipped, Verdict};
use crate::evidence::{asked, fail, holds, same, told};
use crate::server::Server;
use crate::stage::Stage;
use crate::target::{Author, Target};
use crate::wait;
use crate::wire::{RequestClass, Wire};

const SOON: Duration = Duration::from_secs(10);
/// Malformed requests that are so by their place only; they stand first.
const WRONG_PLACES: usize = 3;

/// The checks of this file.
pub const CHECKS: &[Check] = &[
    check!(Protocol, the_table_is_listed_as_it_is_on_disk, "Does LIST tell what is in the file?"),
    check!(Protocol, a_view_tells_the_seats_of_one_show, "Does VIEW tell a show's seats?"),
    check!(
        Protocol,
        a_reply_carries_the_pid_of_the_process_that_answered,
        "Does each reply name the process that sent it?"
    ),
    check!(
        Protocol,
        every_wrong_number_is_refused_and_changes_nothing,
        "Are unknown shows and impossible numbers of seats refused?"
    ),
    check!(
        P3,
        a_reservation_lowers_the_count_at_once_and_for_good,
        "Is a reserved seat gone, also after a stop and a start?"
    ),
    check!(
        Protocol,
        requests_in_flight_get_their_own_replies,
        "Do 20 requests without a pause get 20 replies, each with its own nonce?"
    ),
    check!(
        Protocol,
        a_malformed_request_is_a_bad_request_and_sells_nothing,
        "Is a request of an unknown kind, or in the wrong place, told BAD_REQUEST?"
    ),
    check!(
        Protocol,
        a_field_that_a_request_does_not_use_is_ignored,
        "Are fields ignored that a request does not use?"
    ),
    check!(
        P7,
        a_call_that_is_interrupted_is_made_again,
        "Does the server go on when a signal interrupts the call in which it waits?",
        "strace makes calls fail that another server need not make"
    ),
];

/// LIST tells what is in the data file, row for row.
pub fn the_table_is_listed_as_it_is_on_disk(target: &Target) -> Verdict {
    let server = Server::start(target);
    let reply = *server.client().expect_reply(Ask::List);
    same("LIST: status and rows", (Some(Status::Ok), 10), (reply.status(), reply.count.get()));
    for (row, expected) in reply.rows().iter().zip(&server.table_on_disk().rows) {
        same(format!("LIST: the row of show {}", expected.id), expected, row);
    }
    same("LIST: show and seats, unused", (0, 0), (reply.show.get(), reply.seats.get()));
    Ok(())
}

/// VIEW tells the seats of one show, of each.
pub fn a_view_tells_the_seats_of_one_show(target: &Target) -> Verdict {
    let server = Server::start(target);
    let mut client = server.client();
    for row in shows::sample().rows.iter().filter(|row| row.id != 0) {
        let ask = Ask::View { show: row.id.get() };
        let reply = client.expect_reply(ask);
        let expected = (Some(Status::Ok), row.id, row.seats, 0);
        let came = (reply.status(), reply.show, reply.seats, reply.count.get());
        same(format!("{}: status, show, seats, rows", asked(ask)), expected, came);
    }
    Ok(())
}

/// A reply says which of the server's processes has sent it.
pub fn a_reply_carries_the_pid_of_the_process_that_answered(target: &Target) -> Verdict {
    let server = Server::start(target);
    let pids = server.processes();
    let mut client = server.client();
    for ask in [Ask::List, Ask::View { show: 1 }, Ask::Reserve { show: 1, seats: 1 }] {
        let pid = client.expect_reply(ask).server.get();
        let expected = format!("the PID of one of its processes, {pids:?}");
        holds(pids.contains(&pid), asked(ask), expected, format!("PID {pid}"));
    }
    Ok(())
}

/// What cannot be is refused, with the right status, and leaves the data file as it was.
pub fn every_wrong_number_is_refused_and_changes_nothing(target: &Target) -> Verdict {
    let server = Server::start(target);
    let mut client = server.client();
    let before = server.table_on_disk();
    for show in [0, 9, 10, 11, -1, i32::MIN, i32::MAX] {
        let ask = Ask::View { show };
        let unknown = (Some(Status::UnknownShow), 0);
        same(asked(ask), unknown, told(client.expect_reply(ask)));
        reserve(&mut client, show, 1, (Status::UnknownShow, 0));
        reserve(&mut client, show, -1, (Status::UnknownShow, 0));
    }
    for seats in [0, -1, i32::MIN] {
        reserve(&mut client, 8, seats, (Status::BadSeats, 0));
    }
    for seats in [41, 1_000_000, i32::MAX] {
        reserve(&mut client, 8, seats, (Status::NotEnoughSeats, 40));
    }
    view(&mut client, 8, 40);
    same("refused requests only: the data file", before, server.table_on_disk());
    Ok(())
}

/// A reserved seat is gone for every later request, and after a restart.
pub fn a_reservation_lowers_the_count_at_once_and_for_good(target: &Target) -> Verdict {
    let mut server = Server::start(target);
    {
        let mut client = server.client();
        reserve(&mut client, 3, 2, (Status::Ok, 118));
        view(&mut client, 3, 118);
        reserve(&mut client, 3, 118, (Status::Ok, 0));
        reserve(&mut client, 3, 1, (Status::NotEnoughSeats, 0));
        reserve(&mut client, 8, 39, (Status::Ok, 1));
    }
    same("show 3 is sold out: its row on disk", 0, server.table_on_disk().rows[2].seats.get());
    server.stop();
    server.launch();
    let mut client = server.client();
    for (show, left) in [(3, 0), (8, 1), (1, 200)] {
        view(&mut client, show, left);
    }
    Ok(())
}

/// Requests that are under way together get a reply each.
pub fn requests_in_flight_get_their_own_replies(target: &Target) -> Verdict {
    let server = Server::start(target);
    let me = gettid().as_raw();
    let mut wire = server.wire(me);
    let sample = shows::sample();
    let requests: Vec<Request> =
        (0..20).map(|n| Request::new(me, 1000 + n as u64, Ask::View { show: n % 8 + 1 })).collect();
    for request in &requests {
        wire.send(RequestClass::Consultation, request.as_bytes());
    }
    let mut replies: Vec<Reply> =
        (0..20).map(|n| reply(&mut wire, me, &format!("20 VIEWs at once, {n} replies"))).collect();
    replies.sort_by_key(|reply| reply.nonce.get());
    for (request, reply) in requests.iter().zip(&replies) {
        let seats = sample.rows[request.show.get() as usize - 1].seats;
        let what = format!("20 VIEWs at once: nonce, show, seats of that of show {}", request.show);
        same(what, (request.nonce, request.show, seats), (reply.nonce, reply.show, reply.seats));
    }
    if let Some(reply) = wire.receive(me, Duration::ZERO) {
        fail("20 VIEWs at once", "20 replies", format!("one more: {reply:?}"));
    }
    Ok(())
}

/// The next reply to `client`, which should come soon.
fn reply(wire: &mut Wire, client: i32, sent: &str) -> Reply {
    wire.receive(client, SOON).unwrap_or_else(|| fail(sent, "a reply", "none"))
}

/// What is no request is told so.
pub fn a_malformed_request_is_a_bad_request_and_sells_nothing(target: &Target) -> Verdict {
    let server = Server::start(target);
    let me = gettid().as_raw();
    let mut wire = server.wire(me);
    // Where all requests come in at one place, only the others can be wrong.
    let wrong_places = if server.stage().mechanism().has_places() { 0 } else { WRONG_PLACES };
    for (what, class, request) in malformed(me).into_iter().skip(wrong_places) {
        wire.send(class, request.as_bytes());
        let reply = reply(&mut wire, me, what);
        let came = (reply.status(), reply.nonce.get(), reply.count.get(), reply.seats.get());
        let expected = (Some(Status::BadRequest), 7, 0, 0);
        same(format!("{what}: status, nonce, rows, seats"), expected, came);
    }
    drop(wire);
    view(&mut server.client(), 1, 200);
    Ok(())
}

/// Requests that are none: what is wrong, and where each is put.
fn malformed(me: i32) -> [(&'static str, RequestClass, Request); 8] {
    use RequestClass::{Consultation, Reservation};
    let reserve = Request::new(me, 7, Ask::Reserve { show: 1, seats: 1 });
    let list = Request::new(me, 7, Ask::List);
    let view = Request::new(me, 7, Ask::View { show: 1 });
    let kind = |kind, request| Request { kind: I32::new(kind), ..request };
    let reserved = |number, request| Request { reserved: I32::new(number), ..request };
    [
        ("RESERVE among the consultations", Consultation, reserve),
        ("LIST among the reservations", Reservation, list),
        ("VIEW among the reservations", Reservation, view),
        ("a request of kind 0", Consultation, kind(0, list)),
        ("a request of kind 4", Consultation, kind(4, list)),
        ("a request of kind -1", Reservation, kind(-1, reserve)),
        ("RESERVE with 1 in the reserved field", Reservation, reserved(1, reserve)),
        ("LIST with -1 in the reserved field", Consultation, reserved(-1, list)),
    ]
}

/// Nobody looks at fields that a request has no use for.
pub fn a_field_that_a_request_does_not_use_is_ignored(target: &Target) -> Verdict {
    let server = Server::start(target);
    let me = gettid().as_raw();
    let mut wire = server.wire(me);
    let odd = I32::new(-7);
    let list = Request { show: odd, seats: odd, ..Request::new(me, 1, Ask::List) };
    let view = Request { seats: odd, ..Request::new(me, 2, Ask::View { show: 2 }) };
    for (what, request, seats) in [
        ("LIST with show and seats of -7", list, 0),
        ("VIEW of show 2 with seats of -7", view, 150),
    ] {
        wire.send(RequestClass::Consultation, request.as_bytes());
        same(what, (Some(Status::Ok), seats), told(&reply(&mut wire, me, what)));
    }
    Ok(())
}

/// A call that a signal has interrupted did nothing, and is made again.
pub fn a_call_that_is_interrupted_is_made_again(target: &Target) -> Verdict {
    let stage = target.stage();
    if target.author() == Author::Stage
        && [Stage::Q3Threads, Stage::Q4ThreadPerRequest].contains(&stage)
    {
        return Err(Skipped::LeftOut("it also receives without waiting, which nothing interrupts"));
    }
    let server = Server::start(target);
    let mut workers = server.processes();
    workers.retain(|&pid| pid != server.pid() || stage.processes() == 1);
    let calls = "read,msgrcv,recvfrom";
    let (trace, inject) =
        (format!("trace={calls}"), format!("inject={calls}:error=EINTR:when=2+2"));
    let strace = strace(&workers, &["-e", &trace, "-e", &inject])?;
    let mut client = server.client();
    for n in 1..=20 {
        reserve(&mut client, 1, 1, (Status::Ok, 200 - n));
        view(&mut client, 1, 200 - n);
    }
    // A call that strace leaves in the middle of its injection fails with ENOSYS.
    let at_rest = || server.threads().iter().all(|thread| thread.state == 'S');
    wait::until_true("a server at rest", SOON, at_rest);
    let trace = strace.finish();
    let interrupted = trace.matches("EINTR").count();
    let sent = "40 requests while every second call is interrupted";
    holds(
        interrupted >= 20,
        sent,
        "20 interrupted calls",
        format!("{interrupted} of them:\n{trace}"),
    );
    Ok(())
}
