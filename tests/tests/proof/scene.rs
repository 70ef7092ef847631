//! A worker of a new server, brought to the shared lock, and the other one, which wants it too.

use std::thread::yield_now;
use std::time::{Duration, Instant};

use common::booking::table::Table;
use common::client::ask::Ask;
use common::program::process::is_alive;
use common::protocol::reply::{Reply, Status};
use common::protocol::request::Request;
use harness::history::nemesis::wait_until_whole;
use harness::ptrace::tracer::{AtLock, Tracer};
use harness::server::Server;
use harness::stage::Stage;
use harness::wait;
use harness::wire::{RequestClass, Wire};
use nix::sys::signal::Signal;
use nix::unistd::gettid;
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
        // A watchdog would take a worker that is traced for one that is frozen.
        scene.signal_watchdog(Signal::SIGSTOP);
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

    /// Sends a signal to the process that starts workers again, where one does.
    fn signal_watchdog(&self, signal: Signal) {
        if self.server.stage().restarts_workers() {
            self.server.signal(signal);
        }
    }

    fn send(&self, nonce: u64, ask: Ask) {
        let place = match ask {
            Ask::List | Ask::View { .. } => RequestClass::Consultation,
            Ask::Reserve { .. } => RequestClass::Reservation,
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
                // It has given up, but goes on.
                Ok(Some(reply)) if reply.nonce == OTHER && reply.status() == Some(Status::Busy) => {
                    return None;
                }
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
        let goes_on = self.server.stage().restarts_workers();
        if goes_on {
            self.signal_watchdog(Signal::SIGCONT);
            wait_until_whole(&self.server);
        } else {
            let group = self.server.pid();
            let status = self.server.wait(END_MAX);
            assert_eq!(status.code(), Some(2), "{}", self.server.last_words());
            self.server.assert_nothing_left(group);
            let log = self.server.log();
            assert!(log.contains(words), "not {words:?} but:\n{}", self.server.last_words());
            self.server.launch();
        }
        let shown_and_on_disk = || {
            let list = *self.server.client().ask(Ask::List).ok()?;
            let disk = self.server.table_on_disk();
            (list.status() == Some(Status::Ok) && list.rows() == disk.rows).then_some(disk)
        };
        let disk = wait::until(END_MAX, shown_and_on_disk).expect("a table");
        self.assert_kept(&disk, goes_on);
    }

    /// What a worker had to publish was durable before; the reservation of the other one may be so
    /// without an answer. Requests over one connection may come to several batches.
    fn assert_kept(&self, disk: &Table, in_batches: bool) {
        let shows = if self.victim == Victim::Consultation { 1 } else { SHOWS as usize };
        let may_be_unsold = match self.victim {
            Victim::Consultation => !self.has_answer,
            Victim::Reservation => in_batches,
        };
        for (row, (old, new)) in self.before.rows.iter().zip(&disk.rows).enumerate() {
            let mut sold = *old;
            sold.seats -= i32::from(row < shows);
            assert!(*new == sold || (may_be_unsold && new == old), "row {row} is {new:?}");
        }
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        // A stopped watchdog could not be asked to stop.
        self.signal_watchdog(Signal::SIGCONT);
    }
}
