//! Many clients at once: nothing is sold twice, and each reader sees a table that there was.

use std::panic::resume_unwind;
use std::thread::{Builder, JoinHandle};

use common::booking::shows;
use common::booking::table::Table;
use common::client::ask::Ask;
use common::protocol::reply::Status;
use zerocopy::little_endian::I32;

use crate::checks::check::{Check, Verdict};
use crate::client::{CLIENT_TIMEOUT, Client};
use crate::evidence::{fail, holds, same};
use crate::server::Server;
use crate::target::Target;

const CLIENTS: i32 = 32;
const RESERVATIONS: i32 = 20;

/// The checks of this file.
pub const CHECKS: &[Check] = &[
    check!(
        P3,
        a_seat_is_never_sold_twice,
        "When 32 clients together want more seats than there are, are as many sold as there were?"
    ),
    check!(
        P3,
        a_seat_is_never_sold_twice_without_syncs_either,
        "The same, when no sync slows the clients down?",
        "another server has no --durability"
    ),
    check!(
        P4,
        what_one_client_has_reserved_every_client_sees,
        "Does a count that a client has seen never go up again, for anybody?"
    ),
    check!(P4, a_list_is_one_snapshot, "Does LIST show all counts as they were at one moment?"),
];

/// A table whose shows 1 and 2 have this many seats.
fn table(seats: i32) -> Table {
    let mut table = shows::sample();
    table.rows[0].seats = I32::new(seats);
    table.rows[1].seats = I32::new(seats);
    table
}

/// What 32 clients bring home, each of which works with its number.
fn clients<T: Send + 'static>(server: &Server, work: fn(Client, i32) -> T) -> Vec<T> {
    let start = |number| {
        let (stage, dir) = (server.stage(), server.dir());
        let life = move || match Client::open(stage, &dir, CLIENT_TIMEOUT) {
            Ok(client) => work(client, number),
            Err(error) => fail("nothing yet", "a server that can be opened", format!("{error:#}")),
        };
        Builder::new().name(format!("client {number}")).spawn(life).expect("there is a thread")
    };
    let started: Vec<JoinHandle<T>> = (0..CLIENTS).map(start).collect();
    let end = |client: JoinHandle<T>| client.join().unwrap_or_else(|panic| resume_unwind(panic));
    started.into_iter().map(end).collect()
}

/// 32 clients try to reserve more than there is; the seats that were sold.
fn rush(server: &Server) -> i32 {
    let sold = |mut client: Client, number: i32| {
        let reserve = |n| {
            let seats = 1 + (number + n) % 3;
            let (status, left) = client.reserve(1, seats);
            let fits = left >= 0 && matches!(status, Status::Ok | Status::NotEnoughSeats);
            let sent = format!("RESERVE of {seats} seats of show 1, among 32 clients");
            let expected = "Ok or NotEnoughSeats, and no fewer than 0 seats left";
            holds(fits, sent, expected, format!("{status:?}, {left} seats left"));
            (status == Status::Ok).then_some(seats)
        };
        (0..RESERVATIONS).filter_map(reserve).sum::<i32>()
    };
    clients(server, sold).into_iter().sum()
}

/// Lets 32 clients want 1280 of 900 seats.
fn assert_sold_once(server: &Server) {
    const SENT: &str = "32 clients wanted 1280 seats of show 1, which had 900";
    let sold = rush(server);
    let left = server.client().view(1);
    let came = format!("{sold} sold and {left} left");
    holds(sold + left == 900, SENT, "900 seats, sold or left", &came);
    holds(left < 3, SENT, "fewer left than anybody asks for", &came);
    if server.keeps_its_table() {
        let on_disk = server.table_on_disk().rows[0].seats.get();
        same(format!("{SENT}: the seats left on disk"), left, on_disk);
    }
}

/// As many seats are sold as there were.
pub fn a_seat_is_never_sold_twice(target: &Target) -> Verdict {
    assert_sold_once(&Server::start_with(target, &table(900), &[]));
    Ok(())
}

/// As many seats are sold as there were, also when no sync orders what happens.
pub fn a_seat_is_never_sold_twice_without_syncs_either(target: &Target) -> Verdict {
    assert_sold_once(&Server::start_with(target, &table(900), &["--durability", "process"]));
    Ok(())
}

/// A count goes down, for whoever looks.
pub fn what_one_client_has_reserved_every_client_sees(target: &Target) -> Verdict {
    let server = Server::start_with(target, &table(100_000), &[]);
    let work = |mut client: Client, number: i32| {
        let mut last = i32::MAX;
        for n in 0..RESERVATIONS {
            if (number + n) % 2 == 0 {
                let (status, left) = client.reserve(2, 1);
                let fits = status == Status::Ok && left < last;
                let expected = format!("Ok, and fewer than the {last} seats of the reply before");
                let came = format!("{status:?}, {left} seats left");
                holds(fits, "RESERVE of 1 seat of show 2, among 32 clients", expected, came);
                last = left;
            } else {
                let left = client.view(2);
                let expected = format!("no more than the {last} seats of the reply before");
                holds(left <= last, "VIEW of show 2, among 32 clients", expected, left);
                last = left;
            }
        }
        last
    };
    let seen = clients(&server, work);
    let left = server.client().view(2);
    let sold = CLIENTS * RESERVATIONS / 2;
    same(format!("RESERVE of 1 seat, {sold} times: what is left"), 100_000 - sold, left);
    let expected = format!("no count below the {left} seats that are left");
    holds(
        seen.iter().all(|&last| last >= left),
        "RESERVE and VIEW by 32 clients",
        expected,
        format!("{seen:?}"),
    );
    Ok(())
}

/// LIST shows one moment.
pub fn a_list_is_one_snapshot(target: &Target) -> Verdict {
    let server = Server::start_with(target, &table(100_000), &[]);
    // Every client takes a seat of show 1, then one of show 2: in no snapshot has show 2 sold more,
    // nor fewer by more than one for each client.
    let work = |mut client: Client, number: i32| {
        for _ in 0..RESERVATIONS {
            if number % 4 == 0 {
                let list = client.expect_reply(Ask::List);
                same("LIST, among 32 clients", Some(Status::Ok), list.status());
                let (first, second) = (list.rows()[0].seats.get(), list.rows()[1].seats.get());
                let fits = (first..=first + CLIENTS).contains(&second);
                let sent = "LIST, while clients take a seat of show 1 and then one of show 2";
                let expected = "0 to 32 seats more left on show 2";
                holds(fits, sent, expected, format!("{first} on show 1, {second} on show 2"));
            } else {
                client.reserve(1, 1);
                client.reserve(2, 1);
            }
        }
    };
    clients(&server, work);
    Ok(())
}
