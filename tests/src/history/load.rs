//! What clients of a server that ends under them were told, and whether a table agrees with it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};

use common::booking::table::Table;
use common::client::ask::{Ask, Unanswered};
use common::protocol::record::ROWS;
use common::protocol::reply::{Reply, Status};
use fastrand::Rng;

use crate::client::{CLIENT_TIMEOUT, Client};
use crate::server::Server;
use crate::wait;

/// What clients have seen of the shows 1 to 10, which are the rows in their order.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// Seats that were acknowledged.
    acknowledged: [i32; ROWS],
    /// Reservations whose outcome nobody knows: the row and the seats.
    unknown: Vec<(usize, i32)>,
    /// The fewest seats that any reply showed as left.
    least: [Option<i32>; ROWS],
}

/// Clients that ask until the server is gone.
#[derive(Debug)]
pub struct Load {
    clients: Vec<JoinHandle<Told>>,
    answers: Arc<AtomicU64>,
}

impl Load {
    /// Starts clients of a server with `shows` shows; what they ask follows from the seed.
    pub fn start(server: &Server, clients: u64, shows: i32, seed: u64) -> Load {
        let answers = Arc::new(AtomicU64::new(0));
        let start = |number| {
            let (stage, dir, answers) = (server.stage(), server.dir(), answers.clone());
            thread::spawn(move || {
                // The server may be gone already: then this client has seen nothing.
                let client = Client::open(stage, &dir, CLIENT_TIMEOUT);
                let mut rng = Rng::with_seed(seed.wrapping_add(number));
                let ask = |client| Told::of(client, &mut rng, shows, &answers);
                client.map_or_else(|_| Told::default(), ask)
            })
        };
        Load { clients: (0..clients).map(start).collect(), answers }
    }

    /// Waits until the clients have had so many answers.
    ///
    /// # Panics
    /// If they do not get them.
    pub fn wait_for(&self, answers: u64) {
        let enough = || self.answers.load(Ordering::Relaxed) >= answers;
        wait::until_true("answers", CLIENT_TIMEOUT, enough);
    }

    /// What all of them have seen until the server's end.
    ///
    /// # Panics
    /// If one of them did.
    pub fn join(self) -> Told {
        let mut all = Told::default();
        for client in self.clients {
            all.add(client.join().expect("a client does not panic"));
        }
        all
    }
}

impl Told {
    fn of(mut client: Client, rng: &mut Rng, shows: i32, answers: &AtomicU64) -> Told {
        let mut told = Told::default();
        loop {
            let show = rng.i32(1..=shows);
            let ask = match rng.u32(0..8) {
                0 => Ask::List,
                1 => Ask::View { show },
                _ => Ask::Reserve { show, seats: rng.i32(1..=3) },
            };
            let answer = client.ask(ask);
            if !told.enter(ask, &answer) {
                return told;
            }
            answers.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Enters an answer; false if it is the last one.
    fn enter(&mut self, ask: Ask, answer: &Result<&Reply, Unanswered>) -> bool {
        let reply = match answer {
            Err(Unanswered::NotSent(_)) => return false,
            Err(Unanswered::Unknown(_)) => None,
            Ok(reply) => Some(reply).filter(|reply| reply.status() != Some(Status::Unavailable)),
        };
        if reply.is_some_and(|reply| reply.status() == Some(Status::Busy)) {
            // Nothing was done, and the reply shows no count.
            return true;
        }
        match (ask, reply) {
            (Ask::List, Some(list)) => {
                let rows = list.rows().iter().enumerate();
                rows.for_each(|(row, show)| self.show(row, show.seats.get()));
            }
            (Ask::View { show }, Some(reply)) => self.show(show as usize - 1, reply.seats.get()),
            (Ask::Reserve { show, seats }, Some(reply)) => {
                let row = show as usize - 1;
                self.show(row, reply.seats.get());
                if reply.status() == Some(Status::Ok) {
                    self.acknowledged[row] += seats;
                }
            }
            (Ask::Reserve { show, seats }, None) => self.unknown.push((show as usize - 1, seats)),
            (Ask::List | Ask::View { .. }, None) => {}
        }
        reply.is_some()
    }

    fn show(&mut self, row: usize, seats: i32) {
        let least = self.least[row].get_or_insert(seats);
        *least = seats.min(*least);
    }

    fn add(&mut self, other: Told) {
        for row in 0..ROWS {
            self.acknowledged[row] += other.acknowledged[row];
            if let Some(seats) = other.least[row] {
                self.show(row, seats);
            }
        }
        self.unknown.extend(other.unknown);
    }

    /// What a table that the server left behind contradicts: P1 (nothing acknowledged is lost), P2
    /// and P3 (what was sold is what was acknowledged and some of the unknown), P5 (no reply showed
    /// a count before its time).
    pub fn contradiction(&self, before: &Table, after: &Table) -> Option<String> {
        (0..ROWS).find_map(|row| {
            let (was, is) = (before.rows[row].seats.get(), after.rows[row].seats.get());
            let mut unsold = after.rows[row];
            unsold.seats = before.rows[row].seats;
            let wanted = self.unknown.iter().filter(|(of, _)| *of == row).map(|&(_, seats)| seats);
            let mut possible = BTreeSet::from([self.acknowledged[row]]);
            for seats in wanted {
                possible.extend(possible.clone().iter().map(|sold| sold + seats));
            }
            let too_few = self.least[row].is_some_and(|least| least < is);
            (unsold != before.rows[row] || is < 0 || !possible.contains(&(was - is)) || too_few)
                .then(|| {
                    format!(
                        "show {}: {was} seats before and {is} after, {possible:?} can be sold, \
                         {:?} were shown as left; {:?}",
                        row + 1,
                        self.least[row],
                        after.rows[row]
                    )
                })
        })
    }
}
