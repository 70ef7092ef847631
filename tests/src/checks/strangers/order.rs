//! The order of sync and reply: each sync is held up, and nothing of it may show sooner.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use common::client::ask::Ask;
use common::protocol::reply::Status;
use common::protocol::request::Request;
use nix::unistd::gettid;
use zerocopy::IntoBytes;

use super::of_strangers;
use super::syncs::{self, DELAY, Held};
use crate::checks::asked::reserve;
use crate::checks::check::Verdict;
use crate::evidence::{holds, same};
use crate::server::Server;
use crate::target::Target;
use crate::wait;
use crate::wire::RequestClass;

/// Far more than anything here takes.
const SOON: Duration = Duration::from_secs(10);
/// So many reservations, one after the other: a server may sync every second one only.
const ROUNDS: i32 = 3;

/// OK comes when the sync is done, no sooner.
pub(super) fn an_ok_leaves_after_the_sync_of_its_count(target: &Target) -> Verdict {
    of_strangers(target)?;
    let server = Server::start(target);
    let mut client = server.client();
    reserve(&mut client, 1, 1, (Status::Ok, 199));
    for round in 1..=ROUNDS {
        let strace = syncs::hold(&server, Held::After)?;
        let before = Instant::now();
        reserve(&mut client, 1, 1, (Status::Ok, 199 - round));
        let took = before.elapsed();
        // A sync that the OK has not waited for may still be under way.
        let has_synced = || (!syncs::done(&strace.so_far()).is_empty()).then_some(());
        let synced = wait::until(DELAY * 3, has_synced).is_some();
        let trace = strace.finish();
        let sent = format!("RESERVE {round}, while each sync takes {}", wait::seconds(DELAY));
        let expected = "a sync of spectacles.dat (fdatasync, fsync, msync, sync, syncfs)";
        let came = format!("OK after {took:?}, no sync of it; its writes and syncs:\n{trace}");
        holds(synced && syncs::keep(&trace, &server.data_file()), &sent, expected, came);
        let expected = "OK after the sync has returned";
        let came = format!("OK after {took:?}; its writes and syncs:\n{trace}");
        holds(took >= DELAY, &sent, expected, came);
    }
    let on_disk = server.table_on_disk().rows[0].seats.get();
    same("RESERVE of 1 of 200 seats, 4 times: the count in spectacles.dat", 196, on_disk);
    Ok(())
}

/// A count is shown when it is synced, no sooner.
pub(super) fn no_view_shows_a_count_that_is_being_synced(target: &Target) -> Verdict {
    of_strangers(target)?;
    let server = Server::start(target);
    let strace = syncs::hold(&server, Held::Before)?;
    let me = gettid().as_raw();
    let mut wire = server.wire(me);
    let before = Instant::now();
    let request = Request::new(me, 1, Ask::Reserve { show: 1, seats: 5 });
    wire.send(RequestClass::Reservation, request.as_bytes());
    let mut reply = None;
    // The new count is in the file and its sync is held up, or there is no sync to wait for.
    wait::until(SOON, || {
        reply = wire.try_receive(me).ok().flatten();
        (reply.is_some() || syncs::is_there(&strace.so_far()) || is_written(&server)).then_some(())
    });
    let view = || thread::scope(|scope| scope.spawn(|| server.client().view(1)).join());
    let seen = view().expect("VIEW is answered");
    let took = before.elapsed();
    let reply = reply.or_else(|| wire.receive(me, SOON));
    same("RESERVE of 5 of 200 seats", Some(Status::Ok), reply.and_then(|reply| reply.status()));
    same("VIEW after it", 195, view().expect("VIEW is answered"));
    let trace = strace.finish();
    // Without a sync nothing says when a count is durable: the promise to sync is another one.
    let is_judged = syncs::is_there(&trace) && took < DELAY;
    let came = format!("{seen} after {took:?}; its writes and syncs:\n{trace}");
    let expected = "200, the count that is durable, or no answer before the sync is done";
    holds(
        !is_judged || seen == 200,
        "VIEW while a RESERVE of 5 of 200 seats is being synced",
        expected,
        came,
    );
    Ok(())
}

fn is_written(server: &Server) -> bool {
    let bytes = fs::read(server.data_file()).unwrap_or_default();
    bytes.get(68..72) == Some(&195_i32.to_le_bytes())
}
