//! A sync that fails is the server's last.

use std::time::{Duration, Instant};

use common::client::ask::Ask;
use common::protocol::reply::Status;

use super::of_strangers;
use super::syncs::{self, DELAY, Held};
use crate::checks::asked::reserve;
use crate::checks::check::Verdict;
use crate::client::{CLIENT_TIMEOUT, Client};
use crate::evidence::{fail, holds};
use crate::server::Server;
use crate::target::Target;
use crate::wait;

/// How long a server may take to end by itself.
const END_MAX: Duration = Duration::from_secs(5);
/// How long a client waits for a server that ends without a word.
const ANSWER_MAX: Duration = Duration::from_secs(3);

/// What nobody knows to be on disk is not acknowledged.
pub(super) fn no_ok_leaves_after_a_sync_that_failed(target: &Target) -> Verdict {
    of_strangers(target)?;
    let mut server = Server::start(target);
    reserve(&mut server.client(), 1, 1, (Status::Ok, 199));
    let strace = syncs::hold(&server, Held::AfterItFails)?;
    let before = Instant::now();
    let first = reserve_once(&server);
    let took = before.elapsed();
    let has_failed = || strace.so_far().contains("(INJECTED)").then_some(());
    if wait::until(DELAY * 3, has_failed).is_none() {
        // Without a sync there is none that fails: the promise to sync is another one.
        return Ok(());
    }
    let sent = "RESERVE, and its sync fails with EIO";
    let expected = "UNAVAILABLE, or no answer";
    // An OK that has not waited for its sync breaks another promise.
    let is_late = first == Some(Status::Ok) && took >= DELAY;
    holds(!is_late, sent, expected, format!("OK, after the sync had failed:\n{}", strace.so_far()));
    if reserve_once(&server) == Some(Status::Ok) {
        let sent = format!("{sent}; then another RESERVE");
        fail(
            sent,
            expected,
            format!("OK, though nobody knows what is on disk:\n{}", strace.so_far()),
        );
    }
    let sent = format!("{sent}: how the server ends");
    let status = server.ends_after(&sent, END_MAX);
    let expected = "an exit status that is not 0";
    holds(
        !status.success(),
        &sent,
        expected,
        format!("{status}; it logged:\n{}", server.last_words()),
    );
    drop(strace);
    server.launch();
    let left = server.client().view(1);
    let expected = "198 or 199: the reservation happened or not";
    holds([198, 199].contains(&left), "VIEW after the failed sync and a start", expected, left);
    Ok(())
}

/// The status of a reservation; None if there is no answer, or no server.
fn reserve_once(server: &Server) -> Option<Status> {
    let timeout = ANSWER_MAX.min(CLIENT_TIMEOUT);
    let mut client = Client::open(server.stage(), &server.dir(), timeout).ok()?;
    client.ask(Ask::Reserve { show: 1, seats: 1 }).ok()?.status()
}
