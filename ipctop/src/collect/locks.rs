//! File locks, held and waited for: /proc/locks.

use std::collections::BTreeMap;
use std::fs;

use crate::collect::descriptors::Open;
use crate::collect::members::Members;
use crate::model::object::ObjectId;
use crate::model::system::FileLock;

/// Locks that a member holds or waits for.
pub(crate) fn read(members: &Members, open: &Open) -> Vec<FileLock> {
    let text = fs::read_to_string("/proc/locks").unwrap_or_default();
    let mut locks = parse(&text);
    let is_member = |pid: &i32| members.processes.contains_key(pid);
    locks.retain(|lock| is_member(&lock.holder) || lock.waiters.iter().any(is_member));
    for lock in &mut locks {
        let found = open.iter().find(|(_, _, found)| found.object == lock.object);
        lock.path = found.map(|(_, _, found)| found.link.clone());
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
