//! Looks, one after the other, and remembers what did not change in between.

use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::collect::footprint::{BUDGET, Footprints};
use crate::collect::index::Index;
use crate::collect::key_files::KeyFiles;
use crate::collect::members::{self, Members, World};
use crate::collect::notes::Notes;
use crate::collect::process::{Details, Sight};
use crate::collect::segments::Mapped;
use crate::collect::sockets::Sockets;
use crate::collect::system_v::SystemV;
use crate::collect::table::{Row, Table};
use crate::collect::{locks, office, pipes, posix, queues};
use crate::findings;
use crate::history::History;
use crate::messages::Messages;
use crate::model::look::{Look, SCHEMA};
use crate::model::object::{ObjectId, SemaphoreSet};
use crate::scope::Scope;
use crate::sys;

/// Between the two looks of [`look`]: long enough that a server under load does something in it.
pub const BETWEEN: Duration = Duration::from_millis(200);

/// Processes of which one look among many reads the details.
const DETAILS_MAX: usize = 500;

/// Looks twice, [`BETWEEN`] apart, so that it is known who has waited meanwhile.
pub fn look(scope: &Scope) -> Look {
    let mut watcher = Watcher::new(scope.clone());
    (watcher.details_max, watcher.memory_budget) = (usize::MAX, Duration::MAX);
    watcher.look();
    sleep(BETWEEN);
    watcher.look()
}

/// Looks at the same scope again and again.
#[derive(Debug)]
pub struct Watcher {
    scope: Scope,
    messages: Messages,
    first: Instant,
    history: History,
    table: Table,
    open: Index,
    details: Details,
    footprints: Footprints,
    key_files: KeyFiles,
    details_max: usize,
    memory_budget: Duration,
}

impl Watcher {
    /// One that has not looked yet.
    pub fn new(scope: Scope) -> Watcher {
        let messages = Messages::new(scope.language);
        Watcher {
            scope,
            messages,
            first: Instant::now(),
            history: History::default(),
            table: Table::default(),
            open: Index::default(),
            details: Details::default(),
            footprints: Footprints::default(),
            key_files: KeyFiles::default(),
            details_max: DETAILS_MAX,
            memory_budget: BUDGET,
        }
    }

    /// Looks once. What a process that has not run since the look before can show is not read again.
    pub fn look(&mut self) -> Look {
        let begin = Instant::now();
        let mut notes = Notes::default();
        self.table.refresh();
        let first = members::first(&self.scope);
        let is_wanted = |pid: i32, row: &Row| members::is_likely(first, pid, row);
        self.open.refresh(&self.table, is_wanted, self.details_max);
        self.open.note(&mut notes);
        let system_v = SystemV::read(&mut notes);
        let all_sockets = Sockets::default();
        let (table, open) = (&self.table, &self.open);
        let world = World { table, open, system_v: &system_v, sockets: &all_sockets };
        let members = members::find(&self.scope, world);
        let may_trace = !self.scope.without_ptrace;
        let sight = Sight { table, open, may_trace };
        let mut look = Look {
            schema: SCHEMA,
            taken_ms: now_ms(),
            watched_ms: begin.duration_since(self.first).as_millis() as u64,
            scope: self.scope.name(),
            limits: system_v.limits(),
            pipes: pipes::read(&self.scope, &members, open, may_trace, &mut notes),
            office: office::find(&self.scope, &members, open),
            processes: self.details.read(&members.processes, sight, &mut notes),
            ..Look::default()
        };
        if self.scope.with_memory {
            self.footprints.tell(&mut look.processes, open, begin, self.memory_budget);
        }
        look.locks = locks::read(&look.processes, &members, open);
        let has_shared = !system_v.segments.is_empty() || posix::are_any();
        let mapped = Mapped::of(members.processes.keys().copied().filter(|_| has_shared), open);
        look.posix = posix::read(&members, open, &mapped, may_trace, &mut notes);
        look.sockets = all_sockets.of(&members.processes, open, &mut notes);
        self.add_system_v(&mut look, system_v, &members, &mapped, &mut notes);
        let folders = || self.open.directories(members.processes.keys().copied());
        self.key_files.tell(&mut look.queues, &self.scope, folders, begin);
        self.history.add(&mut look, &self.table, begin);
        // Whoever is not read yet may hold the other end of anything.
        if self.open.is_complete() {
            look.findings = findings::find(&look, &self.table, &self.history, &self.messages);
        }
        look.notes = notes.into_vec(&self.messages);
        look.took_us = begin.elapsed().as_micros() as u64;
        look
    }

    fn add_system_v(
        &self,
        look: &mut Look,
        system_v: SystemV,
        members: &Members,
        mapped: &Mapped,
        notes: &mut Notes,
    ) {
        let waited = |kind, id| ObjectId::system_v(kind, id);
        let mut buffer = Vec::new();
        for mut queue in system_v.queues {
            let pids = [queue.last_sender, queue.last_receiver];
            if members.include(&waited("msg", queue.msqid), queue.user, &pids) {
                queues::complete(&mut queue, &mut buffer, self.scope.peeks, notes);
                look.queues.push(queue);
            }
        }
        for mut segment in system_v.segments {
            segment.attached =
                mapped.segments.get(&segment.shmid).into_iter().flatten().copied().collect();
            let pids = [&[segment.maker, segment.last_user], &segment.attached[..]].concat();
            if members.include(&waited("shm", segment.shmid), segment.user, &pids) {
                look.segments.push(segment);
            }
        }
        for mut set in system_v.sets {
            complete(&mut set, notes);
            let last = set.values.iter().flatten().map(|semaphore| semaphore.last);
            let pids: Vec<i32> = last.collect();
            if members.include(&waited("sem", set.semid), set.user, &pids) {
                look.semaphores.push(set);
            }
        }
    }
}

fn complete(set: &mut SemaphoreSet, notes: &mut Notes) {
    let count = set.values.as_ref().map_or(0, Vec::len);
    let mut values = Vec::new();
    for at in 0..count {
        match sys::semctl_status(set.semid as i32, at as i32) {
            Ok(found) => values.push(crate::model::object::Semaphore {
                value: found.value,
                last: found.last,
                n_growing: found.growing,
                n_zero: found.zero,
            }),
            Err(error) => {
                notes.add_error("semaphores-hidden", &error);
                set.values = None;
                return;
            }
        }
    }
    set.values = Some(values);
}

fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}
