//! The board: what all servers share in the segment, which is the published table and a few numbers
//! about each of them.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::sleep;
use std::time::Duration;

use anyhow::Context;
use common::booking::table::Table;
use common::server::lock::Lock;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, getppid};
use q1_pipes::process::shared::SharedTable;
use tracing::warn;

use crate::options::CONSULTATION_SERVERS_MAX;
use crate::segment::Segment;
use crate::sys::COUNTERS;

/// Which server, counted from the dispatcher, 0; the reservation server is 1.
pub type Number = usize;

/// How long to wait for the lock before the next try, if its holder is stopped. The watchdog kills
/// that one.
const HELD_WAIT: Duration = Duration::from_millis(5);

const GENERATION: usize = 0;
const EXCHANGES: usize = 1;
const ENDING: usize = 2;
/// Where the numbers of the first server begin.
const FIRST: usize = 3;
/// How many each of them has.
const EACH: usize = 3;
const STARTS: usize = 0;
const SILENT: usize = 1;
const ACCEPTED: usize = 2;
const _: () = assert!(FIRST + EACH * (2 + CONSULTATION_SERVERS_MAX) <= COUNTERS);

/// The published table, and a few numbers that the servers share beside it.
///
/// The lock guards the table only, because a watchdog must never wait for a server.
#[derive(Debug)]
pub struct Board {
    table: SharedTable,
    counters: &'static [AtomicU64; COUNTERS],
    watchdog: Pid,
}

impl Board {
    /// Makes the segment, before any fork.
    ///
    /// # Errors
    /// If there is no shared memory left.
    pub fn create(lock: &mut Lock, table: &Table) -> anyhow::Result<Board> {
        let Segment { counters, memory } = Segment::create(lock)?;
        let table = SharedTable::new_in(memory, table).context("cannot share memory")?;
        Ok(Board { table, counters, watchdog: Pid::this() })
    }

    /// The table as it was published last, as one snapshot.
    ///
    /// # Errors
    /// If the holder of the lock is stopped: the watchdog is about to kill it.
    pub fn read(&self) -> io::Result<Table> {
        self.table.read()
    }

    /// Publishes a table, which must be durable already. If a server is stopped while it holds the
    /// lock, waits until the watchdog has killed it.
    ///
    /// # Panics
    /// If there is a newer writer: this process must not go on.
    pub fn publish(&self, generation: u64, table: &Table) {
        while let Err(error) = self.table.publish(table) {
            warn!("cannot publish yet: {error}");
            sleep(HELD_WAIT);
        }
        let newest = self.counters[GENERATION].load(Ordering::SeqCst);
        assert_eq!(generation, newest, "a newer reservation server writes");
    }

    /// Starts a new generation of the writer, and returns its number. A writer of an older one panics
    /// when it publishes.
    pub fn start_generation(&self) -> u64 {
        self.counters[GENERATION].fetch_add(1, Ordering::SeqCst) + 1
    }

    /// Tells all servers that they are to end: the watchdog stops them, or no reservation can be made
    /// durable any more.
    pub fn set_ending(&self) {
        self.counters[ENDING].store(1, Ordering::SeqCst);
    }

    /// Whether all servers are to end. If not, a server that ends is restarted.
    pub fn is_ending(&self) -> bool {
        self.counters[ENDING].load(Ordering::SeqCst) == 1
    }

    /// Counts an answered request, and wakes the watchdog at the last one that `limit` allows.
    pub fn count_exchange(&self, limit: Option<u64>) {
        let count = self.counters[EXCHANGES].fetch_add(1, Ordering::Relaxed) + 1;
        if limit == Some(count) {
            self.wake_watchdog();
        }
    }

    /// Answered requests of all servers, without probes.
    pub fn exchanges(&self) -> u64 {
        self.counters[EXCHANGES].load(Ordering::Relaxed)
    }

    /// Counts a start of a server.
    pub fn count_start(&self, server: Number) {
        self.of(server, STARTS).fetch_add(1, Ordering::SeqCst);
    }

    /// How often a server was started.
    pub fn starts(&self, server: Number) -> u64 {
        self.of(server, STARTS).load(Ordering::SeqCst)
    }

    /// Counts a connection that a server has accepted.
    pub fn count_accepted(&self, server: Number) {
        self.of(server, ACCEPTED).fetch_add(1, Ordering::Relaxed);
    }

    /// How many a server has accepted, also before a restart.
    pub fn accepted(&self, server: Number) -> u64 {
        self.of(server, ACCEPTED).load(Ordering::Relaxed)
    }

    /// Reports to the watchdog that a server does not answer the dispatcher.
    pub fn report_silent(&self, server: Number) {
        self.of(server, SILENT).store(1, Ordering::SeqCst);
        self.wake_watchdog();
    }

    /// Whether the dispatcher has reported it since the last call; clears the report.
    pub fn take_silence_report(&self, server: Number) -> bool {
        self.of(server, SILENT).swap(0, Ordering::SeqCst) == 1
    }

    fn of(&self, server: Number, which: usize) -> &AtomicU64 {
        &self.counters[FIRST + EACH * server + which]
    }

    /// Wakes the watchdog, so that it reads the board. It waits for SIGCHLD anyway.
    fn wake_watchdog(&self) {
        // If the watchdog is dead, this process is about to be killed too.
        if getppid() == self.watchdog
            && let Err(errno) = kill(self.watchdog, Signal::SIGCHLD)
        {
            warn!("cannot wake the watchdog: {errno}");
        }
    }
}
