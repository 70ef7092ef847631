//! A worker of a new server, brought to the shared lock, and the other one, which wants it too.

use std::thread::yield_now;
use std::time::{Duration, Instant};

use common::ask::Ask;
use common::process::is_alive;
use common::reply::{Reply, Status};
use common::request::Request;
use common::table::Table;
use nix::unistd::gettid;
use tests::server::Server;
use tests::stage::Stage;
use tests::tracer::{AtLock, Tracer};
use tests::wait;
use tests::wire::{Place, Wire};
use zerocopy::IntoBytes;

/// Shows of one batch, each with a seat less: a copy that is cut off shows.
const SHOWS: i32 = 4;
/// The nonce of what the other worker is asked.
const OTHER: u64 = 100;
/// How long the other worker may take to come to the lock: shorter than it waits there.
const ARRIVE_MAX: Duration = Duration::from_millis(30);
/// The longest a stop takes is 2 s.
pub(crate) const END_MAX: Duration = Duration::from_secs(10);
/// Instructions after the lock is free again at which a worker still comes to harm.
pub(crate) const BEHIND: u64 = 60;
/// So many instructions before the harm the other worker is asked: while the lock is held, and not
/// so early that the other one loses patience before.
const LEAD: u64 = BEHIND + 20;

/// How far a worker got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reached {
    /// It holds the lock, and the other one waits.
    Holding,
    /// It does not, and the other one has answered.
    Free,
    /// On a loaded machine it took so long that the other one gave up and the server stops.
    Killed,
}

/// Which of the workers comes to harm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Victim {
    Consultation,
    Reservation,
}

/// A server, a client of it, and what was before one of its workers came to harm.
pub(crate) struct Scene {
    server: Server,
    wire: Wire,
    me: i32,
    victim: Victim,
    pub(crate) victim_pid: i32,
    other_pid: i32,
    before: Table,
    /// Whether the other worker has answered.
    has_answer: bool,
}

impl Scene {
    /// Brings a worker of a new server to the lock; None if this machine cannot.
    pub(crate) fn set(test: &str, stage: Stage, victim: Victim) -> Option<(Scene, AtLock)> {
        let server = Server::start(stage);
        let threads = server.threads();
        let pid = |name| threads.iter().find(|thread| thread.name == name).unwrap().pid;
        let [consultation, reservation] = stage.sharers().unwrap().map(pid);
        let (victim_pid, other_pid) = match victim {
            Victim::Consultation => (consultation, reservation),
            Victim::Reservation => (reservation, consultation),
        };
        let (before, me) = (server.table_on_disk(), gettid().as_raw());
        let wire = Wire::open(stage, &server.dir(), me).unwrap();
        let mut scene =
            Scene { server, wire, me, victim, victim_pid, other_pid, before, has_answer: false };
        // After an answer there is whoever will come to the lock, also where that is a thread of a
        // connection's own.
        scene.send(OTHER, Scene::ask_of(victim, 0));
        scene.wire.receive(me, END_MAX).expect("an answer");
        let tracer = Tracer::attach(test, victim_pid)?;
        match victim {
            Victim::Consultation => scene.send(1, Ask::List),
            Victim::Reservation => {
                (1..=SHOWS)
                    .for_each(|show| scene.send(show as u64, Ask::Reserve { show, seats: 1 }));
            }
        }
        Some((scene, tracer.run_to_lock()))
    }

    fn send(&self, nonce: u64, ask: Ask) {
        let place = match ask {
            Ask::List | Ask::View { .. } => Place::Consultation,
            Ask::Reserve { .. } => Place::Reservation,
        };
        self.wire.send(place, Request::new(self.me, nonce, ask).as_bytes());
    }

    /// What a worker is asked that has to come to the lock then.
    fn ask_of(worker: Victim, seats: i32) -> Ask {
        match worker {
            Victim::Consultation => Ask::List,
            Victim::Reservation => Ask::Reserve { show: 1, seats },
        }
    }

    fn ask_other(&self) {
        let other = match self.victim {
            Victim::Consultation => Victim::Reservation,
            Victim::Reservation => Victim::Consultation,
        };
        self.send(OTHER, Scene::ask_of(other, 1));
    }

    /// Steps the victim through so many instructions. Shortly before the last one that it holds the
    /// lock at, the other worker is asked, and waits; if the lock is free in the end, it answers.
    pub(crate) fn step(&mut self, at_lock: &AtLock, instructions: u64) -> Reached {
        let mut is_asked = false;
        for left in (0..instructions).rev() {
            if !at_lock.step() {
                return Reached::Killed;
            }
            if left < LEAD && !is_asked && at_lock.is_holder() {
                is_asked = true;
                self.ask_other();
                let waits = || at_lock.is_awaited_by(self.other_pid).then_some(());
                wait::until(ARRIVE_MAX, waits);
            }
        }
        if !is_asked {
            self.ask_other();
        }
        if at_lock.is_holder() {
            let answer = self.answer(Duration::ZERO);
            assert_eq!(answer, None, "two holders: an answer while the lock was taken");
            return Reached::Holding;
        }
        if self.answer(END_MAX).is_some() { Reached::Free } else { Reached::Killed }
    }

    /// The other worker's answer, which is right; None if it has not answered within `limit`, or is
    /// gone.
    pub(crate) fn answer(&mut self, limit: Duration) -> Option<Reply> {
        let deadline = Instant::now() + limit;
        loop {
            // In this order: what it has answered before its end is there after it.
            let is_gone = !is_alive(self.other_pid);
            match self.wire.try_receive(self.me) {
                Ok(Some(reply)) if reply.nonce == OTHER => {
                    assert_eq!(reply.status(), Some(Status::Ok), "{reply:?}");
                    self.assert_right(&reply);
                    self.has_answer = true;
                    return Some(reply);
                }
                // An answer of the victim.
                Ok(Some(_)) => {}
                Ok(None) if is_gone || Instant::now() >= deadline => return None,
                Ok(None) => yield_now(),
                Err(_) => return None,
            }
        }
    }

    /// No row is anything but old or new, and those of other shows are old.
    fn assert_right(&self, reply: &Reply) {
        let old = self.before;
        if self.victim == Victim::Consultation {
            assert_eq!(reply.seats.get(), old.rows[0].seats.get() - 1);
            return;
        }
        for (row, show) in reply.rows().iter().enumerate() {
            let mut new = old.rows[row];
            new.seats -= i32::from(row < SHOWS as usize);
            assert!([old.rows[row], new].contains(show), "row {row} is {show:?}");
        }
    }

    /// The server ends with an error that says what has happened, and leaves nothing behind but a
    /// right table; or it goes on, where it starts another worker.
    pub(crate) fn assert_ended(mut self, words: &str) {
        let group = self.server.pid();
        if !self.server.stage().restarts_workers() {
            let status = self.server.wait(END_MAX);
            assert_eq!(status.code(), Some(2), "{}", self.server.last_words());
            self.server.assert_nothing_left(group);
            let log = self.server.log();
            assert!(log.contains(words), "not {words:?} but:\n{}", self.server.last_words());
        }
        let disk = self.server.table_on_disk();
        // What the victim had to publish was durable before. The other worker's reservation may be
        // so without an answer.
        let mut sold = self.before;
        let shows = if self.victim == Victim::Consultation { 1 } else { SHOWS as usize };
        sold.rows[..shows].iter_mut().for_each(|row| row.seats -= 1);
        let may_be_unsold = self.victim == Victim::Consultation && !self.has_answer;
        assert!(disk == sold || (may_be_unsold && disk == self.before), "{disk:?}");
        if !self.server.stage().restarts_workers() {
            self.server.launch();
        }
        let list = || {
            let list = self.server.client().ask(Ask::List).ok();
            list.filter(|reply| reply.status() == Some(Status::Ok))
        };
        assert_eq!(wait::until(END_MAX, list).expect("a table").rows(), disk.rows);
    }
}
