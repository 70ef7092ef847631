//! Queues outlive their makers. Each is recorded in the lock file, so that the next server removes
//! these queues and no others.
//!
//! Stops: `ending::after_a_kill_every_acknowledged_seat_is_there_and_the_leftovers_go` and
//! `queues::a_queue_of_another_program_is_named_and_left_alone`.

use std::io;

use anyhow::{Context, anyhow, bail};
use common::lock::Lock;
use nix::unistd::geteuid;
use tracing::info;

use crate::queue::{Queue, is_gone};
use crate::sys;

/// A queue in the lock file: its key before it is made, its id after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    key: i32,
    id: Option<i32>,
}

impl Entry {
    fn text(self) -> String {
        match self.id {
            None => format!("queue {:#010x}", self.key),
            Some(id) => format!("queue {:#010x} id {id}", self.key),
        }
    }

    fn parse(line: &str) -> Option<Entry> {
        let mut words = line.split(' ');
        if words.next()? != "queue" {
            return None;
        }
        let key = words.next()?.strip_prefix("0x")?;
        let key = u32::from_str_radix(key, 16).ok()? as i32;
        let id = match words.next() {
            None => None,
            Some("id") => Some(words.next()?.parse().ok()?),
            Some(_) => return None,
        };
        words.next().is_none().then_some(Entry { key, id })
    }
}

/// Makes the queue of `key` and records it.
///
/// # Errors
/// If another program has a queue with this key: says which.
pub(crate) fn create(key: i32, lock: &mut Lock) -> anyhow::Result<Queue> {
    let planned = Entry { key, id: None }.text();
    lock.record(planned.clone()).context("cannot write the lock file")?;
    let queue = match Queue::create(key) {
        Ok(queue) => queue,
        Err(error) => {
            lock.forget(|line| line == planned).context("cannot write the lock file")?;
            return Err(explain(key, error));
        }
    };
    lock.record(Entry { key, id: Some(queue.id()) }.text())
        .context("cannot write the lock file")?;
    // The id is recorded now. With the key alone the next server might find another program's queue.
    lock.forget(|line| line == planned).context("cannot write the lock file")?;
    Ok(queue)
}

fn explain(key: i32, error: io::Error) -> anyhow::Error {
    let other = match error.raw_os_error() {
        Some(libc::EEXIST) => sys::msgget(key, 0).and_then(|id| Ok((id, sys::msgctl_stat(id)?))),
        Some(libc::ENOSPC) => {
            return anyhow!("the system allows no further message queue: see ipcs -q -l");
        }
        _ => return anyhow!(error).context(format!("cannot make message queue {key:#010x}")),
    };
    match other {
        Ok((id, status)) => anyhow!(
            "key {key:#010x} belongs to another program (queue {id}, last PID {}): use another --dir",
            status.msg_lspid.max(status.msg_lrpid)
        ),
        Err(_) => anyhow!("key {key:#010x} belongs to another program or user: use another --dir"),
    }
}

/// Removes the queues that the lock file names, and forgets them.
///
/// # Errors
/// Of msgctl, or of the lock file.
pub(crate) fn remove(lock: &mut Lock) -> anyhow::Result<()> {
    for entry in lock.objects().iter().filter_map(|line| Entry::parse(line)) {
        let Some(id) = left_behind(entry)? else { continue };
        match sys::msgctl_remove(id) {
            Err(error) if !is_gone(&error) => bail!("queue {id}: {error}"),
            _ => info!("removed message queue {id} (key {:#010x}) of a dead server", entry.key),
        }
    }
    lock.forget(|line| Entry::parse(line).is_some()).context("cannot write the lock file")
}

/// The id of the recorded queue, if it is still the one that was recorded.
fn left_behind(entry: Entry) -> io::Result<Option<i32>> {
    let found = match entry.id {
        Some(id) => Ok(id),
        None => sys::msgget(entry.key, 0),
    };
    let (id, status) = match found.and_then(|id| Ok((id, sys::msgctl_stat(id)?))) {
        Ok(found) => found,
        Err(error)
            if matches!(error.raw_os_error(), Some(libc::ENOENT | libc::EACCES))
                || is_gone(&error) =>
        {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let is_same = sys::key(&status) == entry.key && status.msg_perm.cuid == geteuid().as_raw();
    // Without an id, its maker died before it recorded one. Either it had made the queue, which
    // nobody has used then, or the queue is another program's.
    let is_unused = status.msg_lspid == 0 && status.msg_lrpid == 0;
    Ok((is_same && (entry.id.is_some() || is_unused)).then_some(id))
}

/// Whether the lines of a lock file name this queue.
pub(crate) fn is_recorded(lines: &[String], key: i32, id: i32) -> bool {
    lines.iter().any(|line| Entry::parse(line) == Some(Entry { key, id: Some(id) }))
}

/// Whether the lines of a lock file name any queue.
pub(crate) fn names_queues(lines: &[String]) -> bool {
    lines.iter().any(|line| Entry::parse(line).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_read_as_it_was_written_and_nothing_else_is_one() {
        for entry in [Entry { key: 0x5101_0203, id: None }, Entry { key: -2, id: Some(98_304) }] {
            assert_eq!(Entry::parse(&entry.text()), Some(entry));
        }
        assert_eq!(Entry { key: 0x51, id: Some(7) }.text(), "queue 0x00000051 id 7");
        for line in [
            "",
            "queue",
            "queue 51",
            "ueue 0x51 id 7",
            "queue 0x51 id",
            "queue 0x51 id x",
            "fifo 0x51",
            "queue 0x51 id 7 8",
        ] {
            assert_eq!(Entry::parse(line), None, "{line:?}");
        }
    }
}
