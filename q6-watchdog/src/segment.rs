//! The System V segment that all servers inherit: it is made under a random key, and marked for
//! removal at once.
//!
//! After that it has no key, and `ipcs -m` shows it as `dest`. The kernel removes it with the last
//! process, however that ends. Only a crash between the two calls would leave it behind, so its key
//! is written to DIR's lock file before the segment is made.

use std::io;
use std::sync::atomic::AtomicU64;

use anyhow::{Context, bail};
use common::program::exit::plain;
use common::program::system_v;
use common::server::lock::Lock;
use common::server::object::Object;
use q1_pipes::sys::Memory;

use crate::sys::{self, COUNTERS, PAGE};

/// An attached segment, inherited by fork; nobody else can attach it.
#[derive(Debug)]
pub(crate) struct Segment {
    /// All 0 at first.
    pub(crate) counters: &'static [AtomicU64; COUNTERS],
    /// Room for a table and its lock.
    pub(crate) memory: Memory,
}

impl Segment {
    /// Makes it, attaches it and marks it for removal.
    ///
    /// # Errors
    /// ENOSPC, ENOMEM: the limits of System V shared memory. See shmget(2).
    pub(crate) fn create(lock: &mut Lock) -> anyhow::Result<Segment> {
        let id = loop {
            // 0 is IPC_PRIVATE, which could not be found again after a crash.
            let key = ((getrandom::u32().map_err(io::Error::from)? >> 1) as i32).max(1);
            let object = Object::Segment { key, maker: std::process::id() as i32 };
            lock.record(object.to_string()).context("cannot record a segment")?;
            match sys::shmget_new(key, 2 * PAGE) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => {
                    let hint = system_v::hint(&error);
                    bail!("cannot make a shared segment: {}{hint}", plain(&error));
                }
                Ok(id) => break id,
            }
        };
        let attached = sys::shmat(id).context("cannot attach the shared segment");
        sys::shmctl_rmid(id).context("cannot mark the shared segment for removal")?;
        let (counters, memory) = attached?;
        let is_segment = |line: &str| matches!(Object::parse(line), Some(Object::Segment { .. }));
        lock.forget(is_segment).context("cannot forget a segment")?;
        Ok(Segment { counters, memory })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use common::server::leftovers;

    #[test]
    fn a_segment_has_no_key_once_it_is_there_and_leaves_no_record() {
        let dir = tempfile::tempdir().unwrap();
        let mut lock = Lock::take(dir.path(), "q6-test").unwrap();
        let segment = Segment::create(&mut lock).unwrap();
        assert_eq!(lock.objects(), [] as [&str; 0]);
        assert!(segment.counters.iter().all(|counter| counter.as_ptr().is_aligned()));
        let mine =
            |line: &&str| line.split_whitespace().nth(4) == Some(&std::process::id().to_string());
        let table = std::fs::read_to_string("/proc/sysvipc/shm").unwrap();
        for line in table.lines().filter(mine) {
            let mode = line.split_whitespace().nth(2).unwrap();
            // SHM_DEST, 01000, beside 0600.
            assert!(line.trim_start().starts_with("0 ") && mode == "1600", "{line}");
        }
    }

    #[test]
    fn what_a_crash_between_two_calls_leaves_is_removed_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let mut lock = Lock::take(dir.path(), "q6-test").unwrap();
        let [ours, other] =
            [0x5eed_0001, 0x5eed_0003].map(|key| sys::shmget_new(key, PAGE).unwrap());
        lock.record(format!("segment 0x5eed0001 of {}", std::process::id())).unwrap();
        lock.record("segment 0x5eed0002 of 1".into()).unwrap();
        // Made by somebody else since.
        lock.record("segment 0x5eed0003 of 1".into()).unwrap();
        leftovers::remove(dir.path(), &mut lock).unwrap();
        assert!(sys::shmctl_rmid(ours).is_err(), "it was removed");
        assert_eq!(lock.objects(), [] as [&str; 0]);
        sys::shmctl_rmid(other).unwrap();
    }
}
