//! One client at a time: each question gets the protocol's answer.

mod bare;

use std::time::Duration;

use common::booking::shows;
use common::client::ask::Ask;
use common::protocol::reply::Status;

use crate::checks::answers::bare::{
    a_field_that_a_request_does_not_use_is_ignored,
    a_malformed_request_is_a_bad_request_and_sells_nothing,
    requests_in_flight_get_their_own_replies,
};
use crate::checks::asked::{reserve, strace, view};
use crate::checks::check::{Check, Skipped, Verdict};
use crate::evidence::{asked, holds, same, told};
use crate::server::Server;
use crate::stage::Stage;
use crate::target::{Author, Target};
use crate::wait;

const SOON: Duration = Duration::from_secs(10);

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
    if !server.keeps_its_table() {
        return Ok(());
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

/// The next reply to `client`, which should come soon.
/// Requests that are none: what is wrong, and where each is put.
/// A call that a signal has interrupted did nothing, and is made again.
pub fn a_call_that_is_interrupted_is_made_again(target: &Target) -> Verdict {
    let stage = target.stage();
    if target.author() == Author::Stage
        && [Stage::Q3Threads, Stage::Q4ThreadPerRequest].contains(&stage)
    {
        return Err(Skipped::LeftOut("it also receives without waiting, which nothing interrupts"));
    }
    let server = Server::start(target);
    let workers = if stage.processes() == 1 { vec![server.pid()] } else { server.workers() };
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
