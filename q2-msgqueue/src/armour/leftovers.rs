//! Queues outlive their makers. Each is recorded in the lock file, so that the next server removes
//! these queues and no others. Where the lock file went too, a dead server's queue is known by its
//! marks.
//!
//! Stops: `directories::a_directory_that_was_removed_after_a_kill_is_served_again` and
//! `queues::a_queue_of_another_program_is_named_and_left_alone`.

use std::io;

use anyhow::{Context, anyhow, bail};
use common::program::exit::plain;
use common::program::process::is_alive;
use common::program::system_v;
use common::protocol::record::MAGIC;
use common::server::lock::Lock;
use common::server::object::Object;
use nix::unistd::geteuid;
use tracing::info;

use crate::queue::{Queue, Wait, Which};
use crate::sys;

/// Makes the queue of `key` and records it. `server` is the last process that received from such a
/// queue, or sent to it, on the server's side.
///
/// # Errors
/// If another program has a queue with this key: says which.
pub(crate) fn create(
    key: i32,
    lock: &mut Lock,
    server: fn(&libc::msqid_ds) -> i32,
) -> anyhow::Result<Queue> {
    let planned = Object::Queue { key, id: None }.to_string();
    lock.record(planned.clone()).context("cannot write the lock file")?;
    let made = match Queue::create(key) {
        Err(error) if error.raw_os_error() == Some(libc::EEXIST) => {
            remove_orphan(key, server).and_then(|()| Ok(Queue::create(key)?))
        }
        Err(error) => Err(explain(key, &error)),
        Ok(queue) => Ok(queue),
    };
    let queue = match made {
        Ok(queue) => queue,
        Err(error) => {
            lock.forget(|line| line == planned).context("cannot write the lock file")?;
            return Err(error);
        }
    };
    lock.record(Object::Queue { key, id: Some(queue.id()) }.to_string())
        .context("cannot write the lock file")?;
    // The id is recorded now. With the key alone the next server might find another program's queue.
    lock.forget(|line| line == planned).context("cannot write the lock file")?;
    sign(&queue).context("cannot use a message queue")?;
    Ok(queue)
}

/// Leaves our PID in the queue as that of the last sender and receiver: nothing else in it says who has
/// made it. See msgctl(2).
fn sign(queue: &Queue) -> io::Result<()> {
    queue.send(1, &MAGIC, Wait::No)?;
    queue.receive(Which::All, Wait::No)?;
    Ok(())
}

fn explain(key: i32, error: &io::Error) -> anyhow::Error {
    if error.raw_os_error() == Some(libc::ENOSPC) {
        return anyhow!("the system allows no further message queue: see ipcs -q -l");
    }
    let hint = system_v::hint(error);
    anyhow!("cannot make message queue {key:#010x}: {}{hint}", plain(error))
}

/// Removes the queue that has our key, if it is a dead server's whose DIR was removed: a new key file
/// often gets the inode of the old one, and so the old key.
fn remove_orphan(key: i32, server: fn(&libc::msqid_ds) -> i32) -> anyhow::Result<()> {
    let found = Queue::open(key).and_then(|queue| Ok((sys::msgctl_stat(queue.id())?, queue)));
    let Ok((status, mut queue)) = found else {
        bail!("key {key:#010x} belongs to another program or user: use another --dir");
    };
    let id = queue.id();
    // A kernel that shows no messages (MSG_COPY) does not show whose they are.
    if is_orphan(&queue, &status, server(&status)).unwrap_or(false) {
        queue.remove().with_context(|| format!("cannot remove message queue {id}"))?;
        info!("removed message queue {id} (key {key:#010x}) of a dead server without a directory");
        return Ok(());
    }
    bail!(
        "key {key:#010x} belongs to another program (queue {id}, last PID {}): use another --dir, or \
         ipcrm -q {id} if nobody needs it",
        status.msg_lspid.max(status.msg_lrpid)
    )
}

/// Whether a queue has every mark of a dead server of ours: our user's alone, used by a server that is
/// dead, and only our records in it.
fn is_orphan(queue: &Queue, status: &libc::msqid_ds, server: i32) -> io::Result<bool> {
    let is_private = status.msg_perm.cuid == geteuid().as_raw() && status.msg_perm.mode == 0o600;
    let is_dead = |pid: i32| pid == 0 || !is_alive(pid);
    let was_used = server != 0 && is_dead(status.msg_lspid) && is_dead(status.msg_lrpid);
    if !is_private || !was_used {
        return Ok(false);
    }
    let mut position = 0;
    while let Some(message) = queue.peek(position)? {
        if !message.bytes().starts_with(&MAGIC) {
            return Ok(false);
        }
        position += 1;
    }
    Ok(true)
}

/// Whether the lines of a lock file name this queue.
pub(crate) fn is_recorded(lines: &[String], key: i32, id: i32) -> bool {
    let wanted = Object::Queue { key, id: Some(id) };
    lines.iter().any(|line| Object::parse(line) == Some(wanted))
}

/// Whether the lines of a lock file name any queue.
pub(crate) fn names_queues(lines: &[String]) -> bool {
    let objects = lines.iter().filter_map(|line| Object::parse(line));
    objects.into_iter().any(|object| matches!(object, Object::Queue { .. }))
}
