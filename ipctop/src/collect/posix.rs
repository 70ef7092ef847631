//! POSIX message queues, shared memory and semaphores.

use std::collections::BTreeMap;
use std::fs;
use std::os::fd::AsFd;
use std::os::unix::fs::{FileExt, MetadataExt};

use nix::sys::statfs::statfs;
use nix::unistd::geteuid;

use crate::clean::clean;
use crate::collect::descriptors::MQUEUE_MAGIC;
use crate::collect::index::Index;
use crate::collect::members::{Members, Whole};
use crate::collect::notes::Notes;
use crate::collect::segments::Mapped;
use crate::model::object::{ObjectId, PosixObject};
use crate::sys;

/// Where the queues of an IPC namespace are files, if they are mounted.
const MOUNT: &str = "/dev/mqueue";

/// Reads those that members use, or that belong to the scope.
pub(crate) fn read(
    members: &Members,
    open: &Index,
    mapped: &Mapped,
    may_trace: bool,
    notes: &mut Notes,
) -> Vec<PosixObject> {
    let mut found = queues(members, open, may_trace, notes);
    for entry in fs::read_dir("/dev/shm").into_iter().flatten().flatten() {
        let name = clean(&entry.file_name().to_string_lossy());
        let Ok(metadata) = entry.metadata() else { continue };
        let place = (metadata.dev(), metadata.ino());
        let users: Vec<i32> = mapped.files.get(&place).into_iter().flatten().copied().collect();
        let is_in_scope = match members.whole {
            Some(Whole::All) => true,
            Some(Whole::User(user)) => metadata.uid() == user,
            None => users.iter().any(|pid| members.processes.contains_key(pid)),
        };
        if is_in_scope && metadata.is_file() {
            found.push(shared(&entry.path(), &name, &metadata, users));
        }
    }
    found
}

/// Whether there is anything in /dev/shm.
pub(crate) fn are_any() -> bool {
    fs::read_dir("/dev/shm").is_ok_and(|mut entries| entries.next().is_some())
}

fn shared(
    path: &std::path::Path,
    name: &str,
    metadata: &fs::Metadata,
    users: Vec<i32>,
) -> PosixObject {
    let semaphore = name.strip_prefix("sem.").filter(|_| metadata.len() == 32);
    // glibc keeps the value in the first word.
    let value = semaphore.and_then(|_| {
        let mut word = [0; 4];
        fs::File::open(path).ok()?.read_exact_at(&mut word, 0).ok()?;
        Some(u64::from(u32::from_ne_bytes(word)))
    });
    PosixObject {
        id: ObjectId(format!("posix:{}:{}", metadata.dev(), metadata.ino())),
        kind: if semaphore.is_some() { "sem" } else { "shm" }.to_owned(),
        name: format!("/{}", semaphore.unwrap_or(name)),
        is_unlinked: false,
        bytes: metadata.len(),
        value,
        value_max: None,
        users,
    }
}

fn queues(members: &Members, open: &Index, may_trace: bool, notes: &mut Notes) -> Vec<PosixObject> {
    let mut queues: BTreeMap<ObjectId, PosixObject> = BTreeMap::new();
    for (pid, number, found) in open.iter().filter(|(_, _, found)| found.object.kind() == "mqueue")
    {
        if let Some(queue) = queues.get_mut(&found.object) {
            queue.users.push(pid);
            continue;
        }
        let status = sys::pidfd_open(pid)
            .and_then(|process| sys::pidfd_getfd(process.as_fd(), number))
            .and_then(|duplicate| sys::mq_getattr(duplicate.as_fd()));
        let status = if may_trace { status.ok() } else { None };
        if status.is_none() {
            notes.add("pipes-not-measured");
        }
        // The link that is known may be older than the end of the name.
        let link = fs::read_link(format!("/proc/{pid}/fd/{number}"));
        let link = link.map_or_else(|_| found.link.clone(), |link| clean(&link.to_string_lossy()));
        let name = link.strip_suffix(" (deleted)");
        queues.insert(
            found.object.clone(),
            PosixObject {
                id: found.object.clone(),
                kind: "mqueue".to_owned(),
                name: name.unwrap_or(&link).to_owned(),
                is_unlinked: name.is_some(),
                bytes: status.map_or(0, |status| status.message_bytes_max),
                value: status.map(|status| status.messages),
                value_max: status.map(|status| status.messages_max),
                users: vec![pid],
            },
        );
    }
    add_unopened(&mut queues, members, may_trace);
    let is_used = |queue: &PosixObject| {
        queue.users.iter().any(|pid| members.processes.contains_key(pid))
            || members.whole.is_some() && (queue.users.is_empty() || geteuid().is_root())
    };
    let mut queues: Vec<PosixObject> = queues.into_values().filter(is_used).collect();
    for queue in &mut queues {
        queue.users.sort_unstable();
        queue.users.dedup();
    }
    queues
}

/// Adds the queues that nobody in sight has open: they stay until somebody removes their name.
///
/// To ask a queue how full it is, it is opened for reading; no message is taken.
fn add_unopened(queues: &mut BTreeMap<ObjectId, PosixObject>, members: &Members, may_trace: bool) {
    let Some(whole) = members.whole.filter(|_| is_mounted()) else { return };
    for entry in fs::read_dir(MOUNT).into_iter().flatten().flatten() {
        let Ok(metadata) = entry.metadata() else { continue };
        let id = ObjectId(format!("mqueue:{}:{}", metadata.dev(), metadata.ino()));
        let is_wanted = whole == Whole::All || whole == Whole::User(metadata.uid());
        if !is_wanted || queues.contains_key(&id) {
            continue;
        }
        let queue = fs::File::open(entry.path()).ok().filter(|_| may_trace);
        let status = queue.and_then(|queue| sys::mq_getattr(queue.as_fd()).ok());
        let object = PosixObject {
            id: id.clone(),
            kind: "mqueue".to_owned(),
            name: format!("/{}", clean(&entry.file_name().to_string_lossy())),
            is_unlinked: false,
            bytes: status.map_or(0, |status| status.message_bytes_max),
            value: status.map(|status| status.messages),
            value_max: status.map(|status| status.messages_max),
            users: Vec::new(),
        };
        queues.insert(id, object);
    }
}

fn is_mounted() -> bool {
    statfs(MOUNT).is_ok_and(|found| found.filesystem_type().0 == MQUEUE_MAGIC)
}
