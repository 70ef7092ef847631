//! Clients of a server that ends under them: what they were told is compared with what was sold.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier};
use std::thread::{self, JoinHandle};

use common::booking::shows;
use common::client::ask::{Ask, Unanswered};
use common::protocol::reply::Status;
use zerocopy::little_endian::I32;

use crate::client::{CLIENT_TIMEOUT, Client};
use crate::evidence::{fail, holds, same};
use crate::server::Server;
use crate::target::Target;
use crate::wait;

/// More than anybody sells.
pub(crate) const SEATS: i32 = 1_000_000;

/// What a client of a server that ends under it has seen of show 1.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    acknowledged: i32,
    unknown: i32,
}

/// Starts a server whose show 1 has a million seats.
pub(crate) fn start(target: &Target) -> Server {
    let mut table = shows::sample();
    table.rows[0].seats = I32::new(SEATS);
    Server::start_with(target, &table, &[])
}

/// Clients at work, and whether they are to end.
pub(crate) struct Load(Vec<JoinHandle<Seen>>, Arc<AtomicBool>);

/// Clients that reserve seat after seat until the server is gone; when this returns they are there.
pub(crate) fn load(server: &Server, clients: usize) -> Load {
    let (all_open, over) = (Arc::new(Barrier::new(clients + 1)), Arc::<AtomicBool>::default());
    let start = |_| {
        let (stage, dir) = (server.stage(), server.dir());
        let (all_open, over) = (all_open.clone(), over.clone());
        thread::spawn(move || {
            let client = Client::open(stage, &dir, CLIENT_TIMEOUT);
            all_open.wait();
            reserve_until_the_end(client.expect("the server is there"), &over)
        })
    };
    let clients = (0..clients).map(start).collect();
    all_open.wait();
    Load(clients, over)
}

impl Load {
    /// Waits for the clients: one that had no request under way may have found the next server.
    pub(crate) fn end(self) -> Vec<Seen> {
        self.1.store(true, Ordering::Relaxed);
        let end = |client: JoinHandle<Seen>| client.join().unwrap_or_else(|it| resume_unwind(it));
        self.0.into_iter().map(end).collect()
    }
}

fn reserve_until_the_end(mut client: Client, over: &AtomicBool) -> Seen {
    let mut seen = Seen::default();
    while !over.load(Ordering::Relaxed) {
        match client.ask(Ask::Reserve { show: 1, seats: 1 }) {
            Ok(reply) if reply.status() == Some(Status::Ok) => seen.acknowledged += 1,
            Ok(reply) => {
                let sent = "RESERVE of 1 of a million seats, as the server ends";
                same(sent, Some(Status::Unavailable), reply.status());
                return seen;
            }
            Err(Unanswered::NotSent(_)) => return seen,
            Err(Unanswered::Unknown(_)) => {
                seen.unknown += 1;
                return seen;
            }
        }
    }
    seen
}

/// Waits until so many seats of show 1 are sold.
pub(crate) fn wait_for_sales(server: &Server, seats: i32) {
    let mut client = server.client();
    let before = client.view(1);
    // How long that takes is a matter of the disk.
    let sold = || (client.view(1) <= before - seats).then_some(());
    if wait::patiently(CLIENT_TIMEOUT, sold).is_none() {
        fail(format!("RESERVEs of {seats} seats"), "their replies", "fewer within 20 s");
    }
}

/// Compares what clients have seen with what was sold: nothing acknowledged is lost, nothing is
/// sold twice.
pub(crate) fn assert_kept(seen: &[Seen], sold: i32) {
    let acknowledged: i32 = seen.iter().map(|seen| seen.acknowledged).sum();
    let unknown: i32 = seen.iter().map(|seen| seen.unknown).sum();
    let sent = format!("RESERVEs of 1 seat: {acknowledged} acknowledged, {unknown} unknown");
    let expected = "as many seats sold as acknowledged, and no more than with the unknown ones";
    let is_kept = (acknowledged..=acknowledged + unknown).contains(&sold);
    holds(is_kept, sent, expected, format!("{sold} sold"));
}
