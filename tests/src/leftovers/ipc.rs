//! System V objects as /proc/sysvipc lists them, and those that came while a server ran.

use std::fmt::{self, Display, Formatter};
use std::fs;

use common::program::process::is_alive;
use nix::errno::Errno;
use nix::unistd::geteuid;

use crate::processes::family::Family;
use crate::stage::{Mechanism, Stage};
use crate::sys::{self, Kind};
use crate::verdict;

/// A message queue, a segment of shared memory or a set of semaphores.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    kind: Kind,
    /// The key by which it was made; 0 for a private one.
    pub key: i32,
    id: i32,
    /// Whose process made it.
    creator: u32,
    /// The processes that made it, or used it last, as far as the kernel keeps them: of a queue who
    /// has sent and received, of a segment who has made and attached it, of semaphores nobody.
    pids: Vec<i32>,
    /// Its row in the kernel's table: `msg: KEY ID MODE ...`.
    pub row: String,
}

/// Each kind with its table, its word, and its option of ipcrm(1).
const KINDS: [(Kind, &str, &str, &str); 3] = [
    (Kind::Queue, "msg", "message queue", "-q"),
    (Kind::Segment, "shm", "shared memory", "-m"),
    (Kind::Semaphores, "sem", "semaphores", "-s"),
];

impl Display for Object {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        let (_, _, word, option) = self.kind();
        let Object { key, id, .. } = self;
        write!(f, "{word} {id} of key {key:#010x} (`ipcrm {option} {id}` removes it)")
    }
}

impl Object {
    fn kind(&self) -> (Kind, &'static str, &'static str, &'static str) {
        let found = KINDS.into_iter().find(|(kind, ..)| *kind == self.kind);
        found.expect("all kinds are there")
    }

    /// Whether a process of this family has made or used it.
    pub fn is_of(&self, family: &Family) -> bool {
        self.pids.iter().any(|&pid| family.has(pid))
    }

    /// Whether this user's processes made it.
    pub fn is_this_users(&self) -> bool {
        self.creator == geteuid().as_raw()
    }

    /// Whether one of the processes that have made or used it lives.
    pub fn is_in_use(&self) -> bool {
        self.pids.iter().any(|&pid| is_alive(pid))
    }

    /// Removes it; another user's stays.
    pub fn remove(&self) {
        // It may be gone by now.
        let _ = sys::remove(self.kind, self.id);
    }

    fn parse(kind: Kind, table: &str, header: &str, line: &str) -> Option<Object> {
        let values: Vec<&str> = line.split_whitespace().collect();
        let value = |name: &str| {
            let at = header.split_whitespace().position(|column| column == name)?;
            values.get(at).copied()
        };
        let used = ["cpid", "lpid", "lspid", "lrpid"].into_iter().filter_map(value);
        Some(Object {
            kind,
            key: value("key")?.parse().ok()?,
            id: values.get(1)?.parse().ok()?,
            creator: value("cuid")?.parse().ok()?,
            pids: used.filter_map(|pid| pid.parse().ok()).collect(),
            row: format!("{table}: {}", values.join(" ")),
        })
    }
}

/// All objects in sight; none where the kernel has no System V IPC, or hides its tables.
pub fn all() -> Vec<Object> {
    let mut found = Vec::new();
    for (kind, table, ..) in KINDS {
        let path = format!("/proc/sysvipc/{table}");
        let text = fs::read_to_string(&path).unwrap_or_else(|error| {
            if !is_lacking(kind) {
                verdict::looks_less_closely(&format!("works without {path} ({})", error.kind()));
            }
            String::new()
        });
        let mut lines = text.lines();
        let header = lines.next().unwrap_or_default();
        found.extend(lines.filter_map(|line| Object::parse(kind, table, header, line)));
    }
    found
}

/// Those that are there now and were not before.
pub fn new_since(before: &[Object]) -> Vec<Object> {
    let is_same = |a: &Object, b: &Object| (a.kind, a.id, a.key) == (b.kind, b.id, b.key);
    let mut now = all();
    now.retain(|object| before.iter().all(|old| !is_same(old, object)));
    now
}

fn is_lacking(kind: Kind) -> bool {
    let errno = sys::look_for(kind).err().and_then(|error| error.raw_os_error());
    matches!(errno.map(Errno::from_raw), Some(Errno::ENOSYS | Errno::EPERM))
}

/// What a stage needs of System V IPC that this machine does not have; None if it lacks nothing.
pub fn lacks(stage: Stage) -> Option<&'static str> {
    match stage.mechanism() {
        Mechanism::Queues if is_lacking(Kind::Queue) => {
            Some("System V message queues, which this kernel or container does not have")
        }
        Mechanism::Dispatcher if is_lacking(Kind::Segment) => {
            Some("System V shared memory, which this kernel or container does not have")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_of_the_kernels_table_tells_who_made_an_object() {
        let header = "key shmid perms size cpid lpid nattch uid gid cuid cgid atime";
        let row = " 12345 7 600 8192 41 42 0 0 0 1000 0 0";
        let object = Object::parse(Kind::Segment, "shm", header, row).unwrap();
        assert_eq!((object.key, object.id, object.creator), (12345, 7, 1000));
        assert_eq!(object.pids, [41, 42]);
        let told = "shared memory 7 of key 0x00003039 (`ipcrm -m 7` removes it)";
        assert_eq!(object.to_string(), told);
        let header = "key msqid perms cbytes qnum lspid lrpid uid gid cuid cgid";
        let object = Object::parse(Kind::Queue, "msg", header, "-1 0 600 0 0 8 9 0 0 0 0").unwrap();
        assert_eq!(object.row, "msg: -1 0 600 0 0 8 9 0 0 0 0");
        assert_eq!((object.key, object.id, object.pids), (-1, 0, vec![8, 9]));
    }
}
