//! The same in bare requests, as no client of this project sends them.

use std::time::Duration;

use common::booking::shows;
use common::client::ask::Ask;
use common::protocol::reply::{Reply, Status};
use common::protocol::request::Request;
use nix::unistd::gettid;
use zerocopy::IntoBytes;
use zerocopy::little_endian::I32;

use crate::checks::asked::view;
use crate::checks::check::Verdict;
use crate::evidence::{fail, same, told};
use crate::server::Server;
use crate::target::Target;
use crate::wire::{RequestClass, Wire};

const SOON: Duration = Duration::from_secs(10);
/// Malformed requests that are so by their place only; they stand first.
const WRONG_PLACES: usize = 3;

/// Requests that are under way together get a reply each.
pub(crate) fn requests_in_flight_get_their_own_replies(target: &Target) -> Verdict {
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

fn reply(wire: &mut Wire, client: i32, sent: &str) -> Reply {
    wire.receive(client, SOON).unwrap_or_else(|| fail(sent, "a reply", "none"))
}

/// What is no request is told so.
pub(crate) fn a_malformed_request_is_a_bad_request_and_sells_nothing(target: &Target) -> Verdict {
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
pub(crate) fn a_field_that_a_request_does_not_use_is_ignored(target: &Target) -> Verdict {
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
