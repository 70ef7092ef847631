//! A stop beside a client with many reservations in flight: what was decided is answered.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use common::client::ask::Ask;
use common::protocol::reply::{Reply, Status};
use common::protocol::request::Request;
use nix::sys::signal::Signal;
use zerocopy::IntoBytes;

use crate::checks::asked::ends_in_time;
use crate::checks::check::Verdict;
use crate::checks::ending::load;
use crate::effort::Effort;
use crate::evidence::{holds, same};
use crate::server::Server;
use crate::target::Target;
use crate::wait;
use crate::wire::{RequestClass, Wire};

/// Reservations in flight at least, and at most.
const WINDOWS: (u64, u64) = (2, 64);
/// How long a client may reserve before the server is stopped.
const BEFORE_MAX: Duration = Duration::from_millis(50);
/// Far more than a stop takes.
const SOON: Duration = Duration::from_secs(10);

/// What one client has seen until the end.
#[derive(Debug)]
struct Seen {
    acknowledged: i32,
    /// Sent, and not answered.
    in_flight: u64,
    last: Option<(Option<Status>, u64)>,
}

/// No seat is sold without a word, whenever the stop comes.
pub(super) fn a_stop_answers_all_that_it_has_decided(target: &Target) -> Verdict {
    let mut server = load::start(target);
    let mut random = crate::seed::rng();
    for round in 0..Effort::asked().of(4, 40, 2000) {
        let window = random.u64(WINDOWS.0..=WINDOWS.1);
        let before = BEFORE_MAX.mul_f64(random.f64());
        let left = server.table_on_disk().rows[0].seats.get();
        let sent = format!("round {round}: SIGTERM with {window} RESERVEs in flight");
        let (seen, took) = stop_beside(&mut server, window, before, &sent);
        let sold = left - server.table_on_disk().rows[0].seats.get();
        if server.keeps_its_table() {
            same(format!("{sent}: acknowledged, sold"), sold, seen.acknowledged);
        }
        ends_in_time(&sent, took, Duration::from_secs(2));
        // Where a reply can speak for all that has none, it does.
        let is_told = !target.stage().mechanism().has_address()
            || seen.in_flight == 0
            || seen.last == Some((Some(Status::Unavailable), 0));
        let expected = "UNAVAILABLE with nonce 0 as the last word";
        holds(is_told, &sent, expected, format!("{seen:?}"));
        server.launch();
    }
    server.stop();
    Ok(())
}

/// Stops the server a moment after a client has begun to reserve; how long that took.
fn stop_beside(server: &mut Server, window: u64, before: Duration, sent: &str) -> (Seen, Duration) {
    let client = std::process::id() as i32;
    let wire = server.wire(client);
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let reserves = || reserve_until_the_end(wire, client, window, &is_over);
        let reserving = scope.spawn(reserves);
        let is_dead = || reserving.is_finished().then_some(());
        wait::until(before, is_dead);
        let stopped = Instant::now();
        server.signal(Signal::SIGTERM);
        let status = server.wait(SOON);
        let took = stopped.elapsed();
        is_over.store(true, Ordering::SeqCst);
        let seen = reserving.join().expect("it does not panic");
        holds(status.success(), sent, "exit status 0", server.last_words());
        (seen, took)
    })
}

/// Sends a reservation for every answer, so that there is always one that the server has not seen.
fn reserve_until_the_end(mut wire: Wire, client: i32, window: u64, is_over: &AtomicBool) -> Seen {
    let mut seen = Seen { acknowledged: 0, in_flight: 0, last: None };
    let mut nonce = 0;
    let mut is_refused = false;
    loop {
        while !is_refused && seen.in_flight < window {
            nonce += 1;
            let request = Request::new(client, nonce, Ask::Reserve { show: 1, seats: 1 });
            match wire.try_send(RequestClass::Reservation, request.as_bytes()) {
                Ok(true) => seen.in_flight += 1,
                Ok(false) => break,
                Err(_) => is_refused = true,
            }
        }
        // Asked first: what is sent before the end is there after it.
        let was_over = is_over.load(Ordering::SeqCst);
        match next(&mut wire, client) {
            Ok(Some(reply)) => {
                seen.last = Some((reply.status(), reply.nonce.get()));
                seen.acknowledged += i32::from(reply.status() == Some(Status::Ok));
                // One with nonce 0 speaks for all that is in flight.
                is_refused |= reply.status() != Some(Status::Ok);
                seen.in_flight -= u64::from(reply.nonce != 0);
            }
            Ok(None) if was_over => return seen,
            Ok(None) => {}
            Err(_) => return seen,
        }
    }
}

/// The next reply, if one comes soon.
fn next(wire: &mut Wire, client: i32) -> io::Result<Option<Reply>> {
    let received = wait::until(Duration::from_millis(5), || wire.try_receive(client).transpose());
    received.transpose()
}
