//! Clients that die, never read, or send garbage: they cost others nothing.

use std::panic::resume_unwind;
use std::thread;
use std::time::{Duration, Instant};

use common::client::ask::Ask;
use common::protocol::reply::Status;
use common::protocol::request::Request;
use nix::unistd::gettid;
use zerocopy::IntoBytes;

use crate::attack::attacker::NeverReads;
use crate::checks::asked::view;
use crate::checks::check::{Check, Verdict};
use crate::evidence::{asked, holds, same, told};
use crate::seed;
use crate::server::Server;
use crate::target::Target;
use crate::wait;
use crate::wire::RequestClass;

/// Generous for a loaded machine, and far below what a wedged server takes: for ever, or a time-out
/// of seconds.
const PROMPT: Duration = Duration::from_millis(500);

/// Far more than a request takes.
const SOON: Duration = Duration::from_secs(2);

/// The checks of this file.
pub const CHECKS: &[Check] = &[
    check!(
        P7,
        clients_killed_between_request_and_reply_delay_nobody,
        "Are others served after 100 clients were killed before their replies came?"
    ),
    check!(
        P7,
        a_client_that_never_reads_delays_nobody,
        "Are others served while one client has 500 replies waiting and reads none?"
    ),
    check!(
        P7,
        many_clients_that_never_read_delay_nobody,
        "Are others served while 40 clients have a reply waiting and do not read it?"
    ),
    check!(
        P7,
        garbage_of_every_length_is_survived,
        "Are others served after random bytes of every length, with and without a magic?"
    ),
    check!(
        P7,
        a_request_that_names_nobody_is_dropped_and_sells_nothing,
        "Is a request whose client is no PID dropped?"
    ),
    check!(
        P7,
        a_forged_pid_costs_its_owner_nothing,
        "Does a client get its own answers while others ask in its name?"
    ),
    check!(
        P2,
        a_client_that_goes_away_has_reserved_wholly_or_not_at_all,
        "Is each reservation made once or not at all, when its client does not wait for the answer?"
    ),
];

/// Asks a few times; the answers may not take long, but for one or two that a loaded machine
/// delays.
fn assert_served(server: &Server, after: &str) {
    let mut client = server.client();
    let round = |_| {
        let before = Instant::now();
        for ask in [Ask::List, Ask::Reserve { show: 1, seats: 1 }] {
            let sent = format!("{}, after {after}", asked(ask));
            same(&sent, Some(Status::Ok), client.expect_reply_to(ask, &sent).status());
        }
        before.elapsed()
    };
    let took: Vec<Duration> = (0..10).map(round).collect();
    let prompt = wait::scaled(PROMPT);
    let slow = took.iter().filter(|&&took| took > prompt).count();
    let sent = format!("10 times LIST and RESERVE, after {after}");
    let came = || format!("{took:?}; the server logged:\n{}", server.last_words());
    let expected = format!("answers within {} each, but for two", wait::seconds(prompt));
    holds(slow <= 2, sent, expected, came());
}

/// A client that dies is forgotten.
pub fn clients_killed_between_request_and_reply_delay_nobody(target: &Target) -> Verdict {
    let server = Server::start(target);
    for _ in 0..100 {
        drop(NeverReads::start(&server, 1));
    }
    assert_served(&server, "100 clients sent LIST and were killed");
    Ok(())
}

/// Replies that nobody fetches hold up nobody else's.
pub fn a_client_that_never_reads_delays_nobody(target: &Target) -> Verdict {
    let server = Server::start(target);
    // More than there is room for in any stage; in a FIFO it is 256 KiB.
    let _flooder = NeverReads::start(&server, 500);
    assert_served(&server, "a client sent 500 LISTs and reads nothing");
    Ok(())
}

/// So it is with many.
pub fn many_clients_that_never_read_delay_nobody(target: &Target) -> Verdict {
    let server = Server::start(target);
    let _silent: Vec<NeverReads> = (0..40).map(|_| NeverReads::start(&server, 1)).collect();
    assert_served(&server, "40 clients sent LIST and read nothing");
    Ok(())
}

/// Any bytes may arrive.
pub fn garbage_of_every_length_is_survived(target: &Target) -> Verdict {
    let server = Server::start(target);
    let me = gettid().as_raw();
    // Each from a client of its own, since a server may close a connection that brings garbage.
    let send = |class, bytes: &[u8]| server.wire(me).send(class, bytes);
    // Where there is one place for both classes, it gets each length once.
    let has_places = target.stage().mechanism().has_places();
    let classes = [RequestClass::Consultation, RequestClass::Reservation];
    let classes = if has_places { &classes[..] } else { &classes[..1] };
    let mut noise = seed::rng();
    for len in (0..200).chain([255, 256, 512, 751, 752, 753, 1000, 4095, 4096, 4097, 8191, 8192]) {
        let mut bytes = vec![0; len];
        noise.fill(&mut bytes);
        for &class in classes {
            send(class, &bytes);
            // The same, as if a client of this protocol had sent it: the magic is right and a PID
            // is claimed.
            let head = Request::new(me, 5, Ask::List);
            let known = len.min(16);
            bytes[..known].copy_from_slice(&head.as_bytes()[..known]);
            send(class, &bytes);
        }
    }
    assert_served(&server, "random bytes of 212 lengths");
    view(&mut server.client(), 2, 150);
    Ok(())
}

/// A claim that nobody can make is dropped.
pub fn a_request_that_names_nobody_is_dropped_and_sells_nothing(target: &Target) -> Verdict {
    let server = Server::start(target);
    let wire = server.wire(gettid().as_raw());
    for forged in [0, -1, i32::MIN] {
        let reserve = Request::new(forged, 3, Ask::Reserve { show: 2, seats: 1 });
        wire.send(RequestClass::Reservation, reserve.as_bytes());
        wire.send(RequestClass::Consultation, Request::new(forged, 3, Ask::List).as_bytes());
    }
    assert_served(&server, "RESERVE and LIST in the names of the PIDs 0, -1 and -2147483648");
    view(&mut server.client(), 2, 150);
    Ok(())
}

/// Whoever is named and has not asked ignores the answer.
pub fn a_forged_pid_costs_its_owner_nothing(target: &Target) -> Verdict {
    let server = Server::start(target);
    let me = gettid().as_raw();
    let mut client = server.client();
    let wire = server.wire(1);
    for nonce in 1..=50 {
        // Somebody else asks in our name, and in that of the machine's first process.
        let mine = Request::new(me, nonce, Ask::View { show: 1 });
        wire.send(RequestClass::Consultation, mine.as_bytes());
        wire.send(RequestClass::Consultation, Request::new(1, nonce, Ask::List).as_bytes());
        let sent = "VIEW of show 2, while somebody sends VIEW and LIST in others' names";
        let reply = client.expect_reply_to(Ask::View { show: 2 }, sent);
        same(sent, (Some(Status::Ok), 150), told(reply));
    }
    Ok(())
}

/// Who does not hear the answer has bought what was asked for, once, or nothing.
pub fn a_client_that_goes_away_has_reserved_wholly_or_not_at_all(target: &Target) -> Verdict {
    const CLIENTS: i32 = 30;
    const SEATS: i32 = 3;
    let server = Server::start(target);
    let ask_and_go = || {
        let me = gettid().as_raw();
        let request = Request::new(me, 7, Ask::Reserve { show: 1, seats: SEATS });
        server.wire(me).send(RequestClass::Reservation, request.as_bytes());
    };
    for _ in 0..CLIENTS {
        thread::scope(|scope| scope.spawn(ask_and_go).join())
            .unwrap_or_else(|it| resume_unwind(it));
    }
    let mut client = server.client();
    // Where each request has a thread, the last may be under way; not all need to be served.
    wait::until(SOON, || (client.view(1) == 200 - CLIENTS * SEATS).then_some(()));
    let sold = 200 - client.view(1);
    let sent = format!("{CLIENTS} clients sent RESERVE of {SEATS} seats each, and did not wait");
    let is_whole = sold % SEATS == 0 && (0..=CLIENTS * SEATS).contains(&sold);
    holds(is_whole, sent, format!("a multiple of {SEATS} seats sold, 90 at most"), sold);
    Ok(())
}
