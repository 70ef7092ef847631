//! Looks, one after the other, and remembers what did not change in between.

use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::collect::descriptors::Open;
use crate::collect::key_files::KeyFiles;
use crate::collect::members::{self, Members, World};
use crate::collect::notes::Notes;
use crate::collect::process::{self, May};
use crate::collect::segments::Mapped;
use crate::collect::sockets;
use crate::collect::system_v::SystemV;
use crate::collect::table::Table;
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

/// Counting memory walks through all pages of a process: not at each look.
const MEMORY_EVERY: Duration = Duration::from_secs(5);

/// Looks twice, [`BETWEEN`] apart, so that it is known who has waited meanwhile.
pub fn look(scope: &Scope) -> Look {
    let mut watcher = Watcher::new(scope.clone());
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
    memory_counted: Option<Instant>,
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
            memory_counted: None,
        }
    }

    /// Looks once.
    pub fn look(&mut self) -> Look {
        let begin = Instant::now();
        let mut notes = Notes::default();
        let table = Table::read();
        let system_v = SystemV::read(&mut notes);
        let all_sockets = sockets::read(&mut notes);
        let open = Open::read(
            table.iter().map(|(pid, _)| pid).filter(|&pid| !table.is_kernel(pid)),
            &mut notes,
        );
        let world =
            World { table: &table, open: &open, system_v: &system_v, sockets: &all_sockets };
        let members = members::find(&self.scope, world);
        let counts_memory = self.scope.with_memory
            && self.memory_counted.is_none_or(|then| begin.duration_since(then) >= MEMORY_EVERY);
        if counts_memory {
            self.memory_counted = Some(begin);
        }
        let may = May { trace: !self.scope.without_ptrace, count_memory: counts_memory };
        let mut look = Look {
            schema: SCHEMA,
            taken_ms: now_ms(),
            watched_ms: begin.duration_since(self.first).as_millis() as u64,
            scope: self.scope.name(),
            limits: system_v.limits(),
            pipes: pipes::read(&self.scope, &members, &open, may.trace, &mut notes),
            locks: locks::read(&members, &open),
            office: office::find(&self.scope, &members),
            ..Look::default()
        };
        for (&pid, &is_asked_for) in &members.processes {
            let Some(row) = table.get(pid) else { continue };
            let mut process = process::read(pid, row, &table, &open, may, &mut notes);
            process.is_asked_for = is_asked_for;
            if self.scope.with_memory && !counts_memory {
                process.memory = self.history.memory(&process);
            }
            look.processes.push(process);
        }
        let has_shared = !system_v.segments.is_empty() || posix::are_any();
        let mapped = Mapped::read(members.processes.keys().copied().filter(|_| has_shared));
        look.posix = posix::read(&members, &open, &mapped, may.trace, &mut notes);
        look.sockets = sockets::of(&members, &open, all_sockets);
        self.add_system_v(&mut look, system_v, &members, &mapped, &mut notes);
        self.history.add(&mut look, begin);
        look.findings = findings::find(&look, &table, &self.history, &self.messages);
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
        for mut queue in system_v.queues {
            let pids = [queue.last_sender, queue.last_receiver];
            if members.include(&waited("msg", queue.msqid), queue.user, &pids) {
                queues::complete(&mut queue, &mut Vec::new(), self.scope.peeks, notes);
                look.queues.push(queue);
            }
        }
        if !look.queues.is_empty() {
            let files = KeyFiles::find(&self.scope, members.processes.keys().copied());
            for queue in &mut look.queues {
                queue.key_file = files.of(queue.key);
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
