//! Whose futex a thread waits for: a mutex with an owner, a named semaphore, or something else.

use procfs::process::{MMPermissions, MMapPath, Process};

use crate::collect::memory::Memory;
use crate::collect::table::Table;
use crate::model::object::ObjectId;

/// The futex belongs to one process only: FUTEX_PRIVATE_FLAG.
pub(crate) const PRIVATE: u64 = 128;
/// The part of a mutex's word that is its owner's thread id: FUTEX_TID_MASK.
const TID_MASK: u32 = 0x3fff_ffff;
/// The word of glibc's ordinary mutex when somebody waits for it.
const CONTENDED: u32 = 2;
/// Mutex types that glibc knows, without the bits for shared, robust and priority.
const KIND_MAX: u32 = 3;

/// What a thread waits for in futex(2).
#[derive(Debug)]
pub(crate) struct Found {
    /// The object, named alike in all processes that share it.
    pub(crate) object: ObjectId,
    /// The thread that owns the mutex, which may be dead.
    pub(crate) owner: Option<i32>,
}

/// Finds out about a futex from the arguments of the call.
///
/// The layout of a mutex is glibc's: word 0 is the lock, word 2 the owner, word 3 the users, word 4
/// the kind. See futex(2) and sysdeps/nptl/bits/struct_mutex.h.
pub(crate) fn find(pid: i32, args: &[u64; 6], memory: &mut Memory, table: &Table) -> Found {
    let [address, operation, expected, ..] = *args;
    let words = memory.words(address, 5);
    let owner = owner(&words, expected as u32, table);
    let own_place = format!("{pid}:{address:x}");
    let shared = if operation & PRIVATE == 0 { shared_place(pid, address) } else { None };
    // pthread_join waits at the joined thread's id, which the kernel clears at its end: it cannot
    // know that nobody else maps it.
    if let (0, None, Some(tid)) = (operation & PRIVATE, &shared, owner) {
        return Found { object: ObjectId(format!("thread:{pid}:{tid}")), owner: None };
    }
    let place = shared.unwrap_or(own_place);
    if let Some(object) = place.strip_prefix("posix:") {
        return Found { object: ObjectId(format!("posix:{object}")), owner: None };
    }
    let kind = if owner.is_some() { "mutex" } else { "futex" };
    Found { object: ObjectId(format!("{kind}:{place}")), owner }
}

fn owner(words: &[u32], expected: u32, table: &Table) -> Option<i32> {
    let &[lock, _, owner, users, kind] = words else { return None };
    let tid = (lock & TID_MASK) as i32;
    let is_known = |tid: i32| table.process_of(tid).is_some();
    if lock == expected && tid > CONTENDED as i32 && (is_known(tid) || owner == lock & TID_MASK) {
        return Some(tid);
    }
    let looks_like_a_mutex = lock == CONTENDED
        && expected == CONTENDED
        && (1..=1024).contains(&users)
        && kind & !0x1f0 <= KIND_MAX
        && (1..=TID_MASK).contains(&owner);
    looks_like_a_mutex.then_some(owner as i32)
}

/// The same place for all who map it: device, inode and offset.
fn shared_place(pid: i32, address: u64) -> Option<String> {
    let maps = Process::new(pid).ok()?.maps().ok()?;
    let map = maps.into_iter().find(|map| (map.address.0..map.address.1).contains(&address))?;
    if !map.perms.contains(MMPermissions::SHARED) {
        return None;
    }
    let offset = map.offset + address - map.address.0;
    let device = nix::sys::stat::makedev(map.dev.0 as u64, map.dev.1 as u64);
    match map.pathname {
        MMapPath::Path(path) if path.to_string_lossy().starts_with("/dev/shm/sem.") => {
            Some(format!("posix:{device}:{}", map.inode))
        }
        _ => Some(format!("{device}:{}:{offset:x}", map.inode)),
    }
}
