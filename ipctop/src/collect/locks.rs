//! File locks, held and waited for: /proc/locks.

use std::collections::BTreeMap;
use std::fs;

use crate::collect::index::Index;
use crate::collect::members::Members;
use crate::model::object::{End, ObjectId};
use crate::model::process::{Action, Process};
use crate::model::system::FileLock;

/// Locks that a member holds or waits for; the members say what they wait for.
pub(crate) fn read(processes: &[Process], members: &Members, open: &Index) -> Vec<FileLock> {
    let text = fs::read_to_string("/proc/locks").unwrap_or_default();
    let mut locks = parse(&text);
    let is_member = |pid: &i32| members.processes.contains_key(pid);
    locks.retain(|lock| is_member(&lock.holder) || lock.waiters.iter().any(is_member));
    for lock in locks.iter_mut().filter(|lock| !lock.waiters.is_empty()) {
        let held = held(&lock.object, open);
        lock.ends =
            held.into_iter().filter(|found| found.kind == lock.kind).flat_map(|l| l.ends).collect();
    }
    for process in processes {
        let is_listed = locks.iter().any(|lock| lock.waiters.contains(&process.pid));
        if let Some(object) = wanted(process).filter(|_| !is_listed) {
            add_hidden(&mut locks, process.pid, object, open);
        }
    }
    for lock in &mut locks {
        let found = open.iter().find(|(_, _, found)| found.object == lock.object);
        lock.path = found.map(|(_, _, found)| found.link.clone());
    }
    locks
}

/// The file whose lock a process waits for.
fn wanted(process: &Process) -> Option<&ObjectId> {
    let waits = process.threads.iter().filter_map(|thread| thread.wait.as_ref());
    let mut locking = waits.filter(|wait| matches!(wait.call.as_str(), "flock" | "fcntl"));
    let want = locking.find_map(|wait| wait.on.first())?;
    (want.action == Action::Take && want.object.kind() == "file").then_some(&want.object)
}

/// In a PID namespace /proc/locks leaves out a lock whose taker is dead or outside, and whoever
/// waits for it. Its descriptors tell of it.
fn add_hidden(locks: &mut Vec<FileLock>, pid: i32, object: &ObjectId, open: &Index) {
    if let Some(lock) = locks.iter_mut().find(|lock| lock.object == *object) {
        lock.waiters.push(pid);
    } else if let Some(mut lock) = held(object, open).into_iter().next() {
        lock.waiters.push(pid);
        locks.push(lock);
    }
}

/// The locks of a file that the descriptors in sight hold, each with these descriptors.
fn held(object: &ObjectId, open: &Index) -> Vec<FileLock> {
    let mut locks: Vec<FileLock> = Vec::new();
    for (pid, descriptor, _) in open.iter().filter(|(_, _, found)| found.object == *object) {
        let info = fs::read_to_string(format!("/proc/{pid}/fdinfo/{descriptor}"));
        let info = info.unwrap_or_default();
        let lines: Vec<&str> = info.lines().filter_map(|line| line.strip_prefix("lock:")).collect();
        for mut lock in parse(&lines.join("\n")) {
            lock.ends.push(End { pid, descriptor });
            match locks
                .iter_mut()
                .find(|known| (&known.kind, known.holder) == (&lock.kind, lock.holder))
            {
                Some(known) => known.ends.append(&mut lock.ends),
                None => locks.push(lock),
            }
        }
    }
    locks
}

/// Lines are `N: [->] KIND ADVISORY WRITE PID MAJOR:MINOR:INODE START END`; an arrow waits for the
/// lock with the same number.
fn parse(text: &str) -> Vec<FileLock> {
    let mut locks: BTreeMap<&str, FileLock> = BTreeMap::new();
    for line in text.lines() {
        let mut words = line.split_whitespace().peekable();
        let Some(number) = words.next() else { continue };
        let waits = words.next_if_eq(&"->").is_some();
        let words: Vec<&str> = words.collect();
        let [kind, _, mode, pid, place, ..] = words[..] else { continue };
        let pid = pid.parse().unwrap_or(-1);
        if waits {
            if let Some(lock) = locks.get_mut(number) {
                lock.waiters.push(pid);
            }
        } else if let Some(object) = object(place) {
            let lock = FileLock {
                kind: if kind == "OFDLCK" { "ofd" } else { kind }.to_lowercase(),
                is_exclusive: mode == "WRITE",
                object,
                path: None,
                holder: pid,
                waiters: Vec::new(),
                ends: Vec::new(),
            };
            locks.insert(number, lock);
        }
    }
    locks.into_values().collect()
}

fn object(place: &str) -> Option<ObjectId> {
    let mut parts = place.split(':');
    let major = u64::from_str_radix(parts.next()?, 16).ok()?;
    let minor = u64::from_str_radix(parts.next()?, 16).ok()?;
    let inode = parts.next()?.parse().ok()?;
    Some(ObjectId::file(nix::sys::stat::makedev(major, minor), inode))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_waiter_belongs_to_the_lock_with_its_number() {
        let text = "1: FLOCK  ADVISORY  WRITE 10 fe:00:77 0 EOF\n1: -> FLOCK  ADVISORY  WRITE 11 \
                    fe:00:77 0 EOF\n2: OFDLCK ADVISORY  READ -1 fe:00:78 0 EOF\nnonsense\n\n";
        let locks = parse(text);
        assert_eq!(locks.len(), 2);
        assert_eq!((locks[0].holder, &locks[0].waiters[..]), (10, &[11][..]));
        assert_eq!(
            (locks[1].kind.as_str(), locks[1].holder, locks[1].is_exclusive),
            ("ofd", -1, false)
        );
    }
}
