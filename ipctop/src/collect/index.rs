//! What is known of each process that may be looked at; it is read again when the process has run.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::collect::calls;
use crate::collect::descriptors::{self, Descriptor, Descriptors};
use crate::collect::maps::{self, Mapping};
use crate::collect::namespace::Namespace;
use crate::collect::notes::Notes;

use crate::collect::table::{Row, Table};
use crate::model::object::ObjectId;

/// What is known of all processes.
#[derive(Debug, Default)]
pub(crate) struct Index {
    known: BTreeMap<i32, Known>,
    /// How often the index was refreshed.
    turn: u64,
    n_unread: usize,
}

/// What is known of a process. Only what it does itself can change it.
#[derive(Debug, Default)]
pub(crate) struct Known {
    started: u64,
    /// Its CPU time just before this was read.
    pub(crate) cpu_ns: Option<u64>,
    turn: u64,
    descriptors: Option<Descriptors>,
    is_hidden: bool,
    /// How many descriptors it has.
    pub(crate) n_descriptors: Option<u64>,
    /// Its working directory.
    pub(crate) cwd: Option<PathBuf>,
    /// Whether it sees the System V objects that this program sees.
    pub(crate) is_same_ipc: bool,
    waits: OnceCell<Vec<ObjectId>>,
    mappings: OnceCell<Vec<Mapping>>,
}

impl Index {
    /// Reads again what may have changed, of so many processes at most: first of those of which
    /// nothing is known, and that are wanted most, then of those that have waited longest.
    pub(crate) fn refresh(
        &mut self,
        table: &Table,
        is_wanted: impl Fn(i32, &Row) -> bool,
        max: usize,
    ) {
        self.turn += 1;
        let is_same = |pid: i32, started| table.get(pid).is_some_and(|row| row.started == started);
        self.known.retain(|&pid, known| is_same(pid, known.started));
        let programs = table.iter().filter(|(pid, _)| !table.is_kernel(*pid));
        let n_programs = programs.clone().count();
        let due = programs.filter(|(pid, row)| self.is_due(*pid, row));
        let mut due: Vec<(u64, bool, i32)> = due
            .map(|(pid, row)| {
                let turn = self.known.get(&pid).map_or(0, |known| known.turn);
                (turn, !is_wanted(pid, row), pid)
            })
            .collect();
        if due.len() > max {
            due.sort_unstable();
            due.truncate(max);
        }
        let namespace = Namespace::own();
        for (.., pid) in due {
            if let Some(row) = table.get(pid) {
                self.known.insert(pid, Known::read(pid, row, self.turn, &namespace));
            }
        }
        self.n_unread = n_programs - self.known.len();
    }

    fn is_due(&self, pid: i32, row: &Row) -> bool {
        self.known.get(&pid).is_none_or(|known| row.cpu_ns.is_none() || known.cpu_ns != row.cpu_ns)
    }

    /// Notes whose descriptors may not be seen, and how many processes are still to be read.
    pub(crate) fn note(&self, notes: &mut Notes) {
        for known in self.known.values().filter(|known| known.is_hidden) {
            debug_assert!(known.descriptors.is_none());
            notes.add("descriptors-hidden");
        }
        (0..self.n_unread).for_each(|_| notes.add("processes-not-read"));
    }

    /// Whether something is known of all processes.
    pub(crate) fn is_complete(&self) -> bool {
        self.n_unread == 0
    }

    /// What is known of a process.
    pub(crate) fn get(&self, pid: i32) -> Option<&Known> {
        self.known.get(&pid)
    }

    /// The descriptors of a process, if they could be seen.
    pub(crate) fn of(&self, pid: i32) -> Option<&Descriptors> {
        self.known.get(&pid)?.descriptors.as_ref()
    }

    /// All descriptors of all processes.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (i32, i32, &Descriptor)> {
        self.known.iter().flat_map(|(&pid, known)| {
            let descriptors = known.descriptors.iter().flatten();
            descriptors.map(move |(&number, descriptor)| (pid, number, descriptor))
        })
    }

    /// The processes that work in a directory.
    pub(crate) fn working_in(&self, dir: &Path) -> impl Iterator<Item = i32> {
        let known = self.known.iter().filter(move |(_, known)| known.cwd.as_deref() == Some(dir));
        known.map(|(&pid, _)| pid)
    }

    /// The working directories of some processes.
    pub(crate) fn directories(&self, pids: impl Iterator<Item = i32>) -> Vec<PathBuf> {
        let mut found: Vec<PathBuf> =
            pids.filter_map(|pid| self.known.get(&pid)?.cwd.clone()).collect();
        found.sort();
        found.dedup();
        found
    }

    /// The System V objects that a process's threads wait for, if it sees the same ones.
    pub(crate) fn waits(&self, pid: i32) -> &[ObjectId] {
        let known = self.known.get(&pid).filter(|known| known.is_same_ipc);
        known.map_or(&[], |known| known.waits.get_or_init(|| calls::waits(pid)))
    }

    /// The shared memory that a process has mapped.
    pub(crate) fn mappings(&self, pid: i32) -> &[Mapping] {
        let known = self.known.get(&pid);
        known.map_or(&[], |known| known.mappings.get_or_init(|| maps::mappings(pid)))
    }
}

impl Known {
    fn read(pid: i32, row: &Row, turn: u64, namespace: &Namespace) -> Known {
        let found = descriptors::read(pid);
        let is_denied = |error: &io::Error| error.kind() == io::ErrorKind::PermissionDenied;
        let is_hidden = found.as_ref().is_err_and(is_denied);
        let (descriptors, n_descriptors) = found.ok().unzip();
        Known {
            started: row.started,
            cpu_ns: row.cpu_ns,
            turn,
            descriptors,
            is_hidden,
            n_descriptors,
            cwd: fs::read_link(format!("/proc/{pid}/cwd")).ok(),
            is_same_ipc: namespace.is_of(pid),
            ..Known::default()
        }
    }
}
