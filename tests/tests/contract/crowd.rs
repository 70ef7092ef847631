//! Many clients at once: nothing is sold twice, and each reader sees a table that there was.

use std::thread::{Builder, JoinHandle};

use common::ask::Ask;
use common::reply::Status;
use common::shows;
use common::table::Table;
use harness::client::{CLIENT_TIMEOUT, Client};
use harness::server::Server;
use harness::stage::{Stage, is_ours};
use rstest_reuse::apply;
use zerocopy::little_endian::I32;

use crate::every_stage;

const CLIENTS: i32 = 32;
const RESERVATIONS: i32 = 20;

/// A table whose shows 1 and 2 have this many seats.
fn table(seats: i32) -> Table {
    let mut table = shows::sample();
    table.rows[0].seats = I32::new(seats);
    table.rows[1].seats = I32::new(seats);
    table
}

/// Starts clients, each with its number.
fn clients<T: Send + 'static>(server: &Server, work: fn(Client, i32) -> T) -> Vec<JoinHandle<T>> {
    let start = |number| {
        let (stage, dir) = (server.stage(), server.dir());
        let life = move || work(Client::open(stage, &dir, CLIENT_TIMEOUT).unwrap(), number);
        Builder::new().name(format!("client {number}")).spawn(life).unwrap()
    };
    (0..CLIENTS).map(start).collect()
}

/// 32 clients try to reserve more than there is; the seats each of them was sold.
fn rush(server: &Server) -> i32 {
    let sold = |mut client: Client, number: i32| {
        (0..RESERVATIONS)
            .filter_map(|n| {
                let seats = 1 + (number + n) % 3;
                let (status, left) = client.reserve(1, seats);
                assert!(
                    left >= 0 && matches!(status, Status::Ok | Status::NotEnoughSeats),
                    "{status:?}"
                );
                (status == Status::Ok).then_some(seats)
            })
            .sum::<i32>()
    };
    clients(server, sold).into_iter().map(|client| client.join().unwrap()).sum()
}

#[apply(every_stage)]
fn a_seat_is_never_sold_twice(stage: Stage) {
    let server = Server::start_with(stage, &table(900), &[]);
    let sold = rush(&server);
    let left = server.client().view(1);
    assert_eq!(sold + left, 900);
    assert!(left < 3, "1280 seats were wanted, yet {left} of 900 are left");
    assert_eq!(server.table_on_disk().rows[0].seats, left);
}

#[apply(every_stage)]
fn a_seat_is_never_sold_twice_without_syncs_either(stage: Stage) {
    if !is_ours("a_seat_is_never_sold_twice_without_syncs_either") {
        return;
    }
    let server = Server::start_with(stage, &table(900), &["--durability", "process"]);
    let sold = rush(&server);
    let left = server.client().view(1);
    assert_eq!((sold + left, left < 3), (900, true));
    assert_eq!(server.table_on_disk().rows[0].seats, left);
}

#[apply(every_stage)]
fn what_one_client_has_reserved_every_client_sees(stage: Stage) {
    let server = Server::start_with(stage, &table(100_000), &[]);
    let work = |mut client: Client, number: i32| {
        let mut last = i32::MAX;
        for n in 0..RESERVATIONS {
            if (number + n) % 2 == 0 {
                let (status, left) = client.reserve(2, 1);
                assert_eq!(status, Status::Ok);
                assert!(left < last, "{left} seats are left after a reservation, {last} before it");
                last = left;
            } else {
                let left = client.view(2);
                assert!(left <= last, "{left} seats are left, after {last} were");
                last = left;
            }
        }
        last
    };
    let seen: Vec<i32> =
        clients(&server, work).into_iter().map(|client| client.join().unwrap()).collect();
    let left = server.client().view(2);
    assert_eq!(left, 100_000 - CLIENTS * RESERVATIONS / 2);
    assert!(seen.iter().all(|&last| last >= left), "{left}, but clients saw {seen:?}");
}

#[apply(every_stage)]
fn a_list_is_one_snapshot(stage: Stage) {
    let server = Server::start_with(stage, &table(100_000), &[]);
    // Every client takes a seat of show 1, then one of show 2: in no snapshot has show 2 sold more,
    // nor fewer by more than one for each client.
    let work = |mut client: Client, number: i32| {
        for _ in 0..RESERVATIONS {
            if number % 4 == 0 {
                let list = client.ask(Ask::List).unwrap();
                let (first, second) = (list.rows()[0].seats.get(), list.rows()[1].seats.get());
                assert!((first..=first + CLIENTS).contains(&second), "{first}, {second}");
            } else {
                client.reserve(1, 1);
                client.reserve(2, 1);
            }
        }
    };
    clients(&server, work).into_iter().for_each(|client| client.join().unwrap());
}
