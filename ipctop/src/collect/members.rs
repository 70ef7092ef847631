//! Which processes, queues and semaphore sets a look is about.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use common::server::lock;
use nix::unistd::geteuid;

use crate::collect::descriptors::Descriptor;
use crate::collect::index::Index;
use crate::collect::sockets::Sockets;
use crate::collect::system_v::SystemV;
use crate::collect::table::{Row, Table};
use crate::model::object::ObjectId;
use crate::scope::{Scope, Target};

/// What everybody may see, in which the members are looked for.
#[derive(Clone, Copy)]
pub(crate) struct World<'a> {
    /// All processes.
    pub(crate) table: &'a Table,
    /// Their descriptors.
    pub(crate) open: &'a Index,
    /// All System V objects.
    pub(crate) system_v: &'a SystemV,
    /// All sockets.
    pub(crate) sockets: &'a Sockets,
}

/// What a look is about.
#[derive(Debug, Default)]
pub(crate) struct Members {
    /// Its processes: true for those that were asked for, false for those that share an object.
    pub(crate) processes: BTreeMap<i32, bool>,
    /// The System V objects that its processes wait for, by their names here.
    pub(crate) waited_for: BTreeSet<ObjectId>,
    /// Whether all System V objects of this user are part of it, or of all users.
    pub(crate) whole: Option<Whole>,
}

/// A scope that is not about certain processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whole {
    /// Everything of a user.
    User(u32),
    /// Everything.
    All,
}

/// The process that a scope begins with, if it names one: that of a box office is in its lock file.
pub(crate) fn first(scope: &Scope) -> Option<i32> {
    match &scope.target {
        Target::Pid(asked) => Some(*asked),
        Target::Dir(dir) => lock::holder(dir).ok().flatten().map(|holder| holder.pid),
        Target::Mine | Target::All => None,
    }
}

/// Whether a process is likely to be a member: such are read first.
pub(crate) fn is_likely(first: Option<i32>, pid: i32, row: &Row) -> bool {
    match first {
        Some(first) => [pid, row.group, row.parent].contains(&first),
        None => row.user == geteuid().as_raw(),
    }
}

/// Finds the members of a scope.
pub(crate) fn find(scope: &Scope, world: World<'_>) -> Members {
    let own = std::process::id() as i32;
    let is_candidate = |pid: i32| pid != own && !world.table.is_kernel(pid);
    let me = geteuid().as_raw();
    let whole = match scope.target {
        Target::Mine => Some(Whole::User(me)),
        Target::All => Some(Whole::All),
        Target::Pid(_) | Target::Dir(_) => None,
    };
    let mut asked: BTreeSet<i32> = match &scope.target {
        Target::Mine => {
            world.table.iter().filter(|(_, row)| row.user == me).map(|(pid, _)| pid).collect()
        }
        Target::All => world.table.iter().map(|(pid, _)| pid).collect(),
        Target::Pid(pid) => {
            let in_group = |&(_, row): &(i32, &Row)| row.group == *pid;
            world.table.iter().filter(in_group).map(|(pid, _)| pid).chain([*pid]).collect()
        }
        Target::Dir(dir) => users_of(dir, world),
    };
    asked.retain(|&pid| is_candidate(pid));
    add_descendants(&mut asked, world.table);
    asked.retain(|&pid| is_candidate(pid) && world.open.get(pid).is_some());
    let mut members = Members { whole, ..Members::default() };
    members.processes.extend(asked.iter().map(|&pid| (pid, true)));
    if let Target::Dir(dir) = &scope.target {
        members.waited_for.extend(recorded_queues(dir));
    }
    if whole.is_none() {
        for &pid in &asked {
            members.waited_for.extend(waits_of(pid, scope, world).iter().cloned());
        }
        for pid in sharers(&asked, &members.waited_for, scope, world) {
            if is_candidate(pid) && world.table.is_alive(pid) {
                members.processes.entry(pid).or_insert(false);
                members.waited_for.extend(waits_of(pid, scope, world).iter().cloned());
            }
        }
    }
    members
}

impl Members {
    /// Whether a System V object belongs to the look, by its owner and the PIDs it remembers.
    pub(crate) fn include(&self, object: &ObjectId, user: u32, pids: &[i32]) -> bool {
        match self.whole {
            Some(Whole::All) => true,
            Some(Whole::User(me)) => user == me,
            None => {
                self.waited_for.contains(object)
                    || pids.iter().any(|pid| self.processes.contains_key(pid))
            }
        }
    }
}

fn add_descendants(asked: &mut BTreeSet<i32>, table: &Table) {
    let mut new: Vec<i32> = asked.iter().copied().collect();
    while let Some(pid) = new.pop() {
        for &child in table.children(pid) {
            if asked.insert(child) {
                new.push(child);
            }
        }
    }
}

/// The processes that have a file of a directory open, or work in it.
fn users_of(dir: &Path, world: World<'_>) -> BTreeSet<i32> {
    let Ok(dir) = fs::canonicalize(dir) else { return BTreeSet::new() };
    let inside = format!("{}/", crate::clean::clean(&dir.display().to_string()));
    let with_file = world.open.iter().filter(|(_, _, found)| found.link.starts_with(&inside));
    let mut users: BTreeSet<i32> = with_file.map(|(pid, ..)| pid).collect();
    users.extend(world.open.working_in(&dir));
    users
}

/// The System V objects that a process's threads wait for.
fn waits_of<'a>(pid: i32, scope: &Scope, world: World<'a>) -> &'a [ObjectId] {
    let are_none = world.system_v.queues.is_empty() && world.system_v.sets.is_empty();
    if scope.without_ptrace || are_none { &[] } else { world.open.waits(pid) }
}

/// Who shares an object with these processes.
fn sharers(
    asked: &BTreeSet<i32>,
    waited_for: &BTreeSet<ObjectId>,
    scope: &Scope,
    world: World<'_>,
) -> BTreeSet<i32> {
    // For each object, whether one of them can read it and whether one can write it.
    let mut shared = BTreeMap::<ObjectId, (bool, bool)>::new();
    for &pid in asked {
        for found in world.open.of(pid).into_iter().flat_map(|all| all.values()) {
            if matches!(found.object.kind(), "pipe" | "socket" | "mqueue") {
                let ends = shared.entry(found.object.clone()).or_default();
                *ends = (ends.0 | found.reads, ends.1 | found.writes);
            }
        }
    }
    // Whoever only has the same end of a pipe, such as a neighbour's standard output, waits for
    // nobody there.
    let is_other_end = |found: &Descriptor| {
        shared.get(&found.object).is_some_and(|&(reads, writes)| {
            found.object.kind() != "pipe" || found.reads && writes || found.writes && reads
        })
    };
    let is_shared = |inode: u64| shared.contains_key(&ObjectId::socket(inode));
    let has_sockets = shared.keys().any(|object| object.kind() == "socket");
    let sockets = if has_sockets { world.sockets.all() } else { &[] };
    let peers = sockets.iter().filter(|socket| is_shared(socket.inode));
    let peers: BTreeSet<_> = peers.filter_map(|socket| socket.peer).map(ObjectId::socket).collect();
    let holders = world
        .open
        .iter()
        .filter(|(_, _, found)| is_other_end(found) || peers.contains(&found.object));
    let mut sharers: BTreeSet<i32> = holders.map(|(pid, ..)| pid).collect();
    let mut touched = waited_for.clone();
    for queue in &world.system_v.queues {
        let id = ObjectId::system_v("msg", queue.msqid);
        let last = [queue.last_sender, queue.last_receiver];
        if waited_for.contains(&id) || last.iter().any(|pid| asked.contains(pid)) {
            sharers.extend(last);
            touched.insert(id);
        }
    }
    for segment in &world.system_v.segments {
        let last = [segment.maker, segment.last_user];
        if last.iter().any(|pid| asked.contains(pid)) {
            sharers.extend(last);
        }
    }
    if !touched.is_empty() {
        for (pid, _) in world.table.iter().filter(|(pid, _)| !world.table.is_kernel(*pid)) {
            if !asked.contains(&pid)
                && waits_of(pid, scope, world).iter().any(|id| touched.contains(id))
            {
                sharers.insert(pid);
            }
        }
    }
    sharers
}

/// The queues that the lock file of a directory records, each as `queue KEY id NUMBER`.
fn recorded_queues(dir: &Path) -> Vec<ObjectId> {
    let objects = lock::holder(dir).ok().flatten().unwrap_or_default().objects;
    let id = |object: &String| {
        let id = object.strip_prefix("queue ")?.split_once(" id ")?.1;
        Some(ObjectId::system_v("msg", id.trim().parse().ok()?))
    };
    objects.iter().filter_map(id).collect()
}
