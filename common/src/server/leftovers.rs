//! What a killed server leaves, of whatever stage: queues and segments that its lock file names, and
//! FIFOs in DIR. The next server in DIR removes them, whatever its own stage, and nothing else.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::path::Path;

use anyhow::Context;
use nix::dir::{Dir, Type};
use nix::errno::Errno;
use nix::fcntl::{OFlag, openat};
use nix::sys::stat::Mode;
use nix::unistd::{UnlinkatFlags, geteuid, unlinkat};
use tracing::{info, warn};

use crate::program::process::is_alive;
use crate::server::lock::Lock;
use crate::server::object::Object;
use crate::sys;

/// Removes what a dead server has left in DIR. Only for who has DIR's lock, and has made nothing yet.
///
/// # Errors
/// Says what cannot be removed.
pub fn remove(dir: &Path, lock: &mut Lock) -> anyhow::Result<()> {
    for object in lock.objects().iter().filter_map(|line| Object::parse(line)) {
        remove_object(object)
            .with_context(|| format!("cannot remove {object} of a dead server"))?;
    }
    lock.forget(|line| Object::parse(line).is_some()).context("cannot write the lock file")?;
    let opened = File::open(dir).with_context(|| format!("cannot open {}", dir.display()))?;
    remove_fifos(&opened)
}

/// Removes the FIFOs of servers in DIR, and those of clients that do not read any more.
///
/// # Errors
/// Says which one cannot be removed, after it has removed the others.
pub fn remove_fifos(dir: impl AsFd) -> anyhow::Result<()> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let mut removed = 0;
    let mut failed = Ok(());
    for entry in Dir::openat(&dir, ".", flags, Mode::empty()).context("cannot read DIR")?.iter() {
        let entry = entry.context("cannot read DIR")?;
        let is_fifo = entry.file_type() == Some(Type::Fifo);
        let Some(name) = entry.file_name().to_str().ok().filter(|_| is_fifo) else { continue };
        if !is_left(&dir, name) {
            continue;
        }
        match remove_fifo(&dir, name) {
            // Its client has removed it.
            Err(Errno::ENOENT) => {}
            Err(errno) => failed = Err(errno).with_context(|| format!("cannot remove {name}")),
            Ok(()) => removed += 1,
        }
    }
    if removed > 0 {
        info!(removed, "FIFOs of dead processes were there");
    }
    failed
}

/// Whether a FIFO of this name is a dead server's, or a dead client's.
fn is_left(dir: impl AsFd, name: &str) -> bool {
    if ["consult.fifo", "reserve.fifo"].contains(&name) {
        return true;
    }
    let Some(stem) = name.strip_suffix(".fifo") else { return false };
    // Between q6's dispatcher and its servers, in both directions.
    if stem.starts_with("dw.") || stem.starts_with("wd.") {
        return true;
    }
    let client = stem.strip_prefix("reply.").and_then(|id| id.parse().ok());
    client.is_some_and(|client: i32| {
        let is_written_so = name == format!("reply.{client}.fifo");
        // Another process may have the PID of a dead client by now. It does not read that FIFO.
        is_written_so && (!is_alive(client) || has_no_reader(dir, name))
    })
}

/// Whether nobody has this FIFO open for reading. See fifo(7).
fn has_no_reader(dir: impl AsFd, name: &str) -> bool {
    let flags = OFlag::O_WRONLY | OFlag::O_NONBLOCK | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    openat(dir, name, flags, Mode::empty()).is_err_and(|errno| errno == Errno::ENXIO)
}

/// Removes a FIFO. Whoever still waits in `open` for a reader gets one for a moment, and learns by
/// EPIPE that it has gone; without that it would wait for ever.
fn remove_fifo(dir: impl AsFd, name: &str) -> nix::Result<()> {
    let flags = OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let _reader = openat(&dir, name, flags, Mode::empty());
    unlinkat(&dir, name, UnlinkatFlags::NoRemoveDir)
}

/// Removes an object, if it is still the one that was recorded.
fn remove_object(object: Object) -> io::Result<()> {
    let removed = match object {
        Object::Queue { key, id } => remove_queue(key, id),
        Object::Segment { key, maker } => remove_segment(key, maker),
    };
    match removed {
        Ok(true) => info!("removed {object} of a dead server"),
        Ok(false) => warn!("{object} is another program's by now, and stays"),
        Err(error) if !is_gone(&error) => return Err(error),
        Err(_) => {}
    }
    Ok(())
}

/// False if it is another program's.
fn remove_queue(key: i32, id: Option<i32>) -> io::Result<bool> {
    let found = match id {
        Some(id) => id,
        None => sys::msgget(key)?,
    };
    let status = sys::msgctl_stat(found)?;
    // Without an id, its maker died before it recorded one. Either it had made the queue, which
    // nobody has used then, or the queue is another program's.
    let is_unused = status.msg_lspid == 0 && status.msg_lrpid == 0;
    let is_ours = status.msg_perm.cuid == geteuid().as_raw() && status.msg_perm.__key == key;
    let is_same = is_ours && (id.is_some() || is_unused);
    if is_same {
        sys::msgctl_remove(found)?;
    }
    Ok(is_same)
}

/// False if it is another maker's, or somebody has it attached.
fn remove_segment(key: i32, maker: i32) -> io::Result<bool> {
    let id = sys::shmget(key)?;
    let status = sys::shmctl_stat(id)?;
    let is_same = status.shm_cpid == maker && status.shm_nattch == 0;
    if is_same {
        sys::shmctl_remove(id)?;
    }
    Ok(is_same)
}

/// Whether an object is not there, or not for this user, or no such objects exist here.
fn is_gone(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error().map(Errno::from_raw),
        Some(Errno::ENOENT | Errno::EACCES | Errno::EIDRM | Errno::EINVAL | Errno::ENOSYS)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::thread;

    use nix::unistd::mkfifo;

    #[test]
    fn fifos_of_the_dead_go_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let mut lock = Lock::take(dir.path(), "q9").unwrap();
        let me = std::process::id();
        let own = format!("reply.{me}.fifo");
        let gone = ["consult.fifo", "dw.consult9.fifo", "wd.reserve.fifo", "reply.2147483647.fifo"];
        let kept = ["reply.x.fifo", "reply.+7.fifo", "mine.fifo", own.as_str()];
        let make = |name: &str| mkfifo(&dir.path().join(name), Mode::S_IRWXU).unwrap();
        gone.into_iter().chain(kept).for_each(make);
        for file in ["reserve.fifo", "reply.2147483646.fifo", "dw.notes.fifo"] {
            fs::write(dir.path().join(file), "somebody's").unwrap();
        }
        let reader = fs::OpenOptions::new().read(true).write(true).open(dir.path().join(&own));
        remove(dir.path(), &mut lock).unwrap();
        let is_there = |name: &str| dir.path().join(name).exists();
        assert!(!gone.into_iter().any(is_there));
        assert!(kept.into_iter().chain(["reserve.fifo", "dw.notes.fifo"]).all(is_there));
        // We live, and do not read it any more: it was for an earlier process with our PID.
        drop(reader);
        remove(dir.path(), &mut lock).unwrap();
        assert!(!is_there(&own));
    }

    #[test]
    fn a_writer_that_waits_for_a_reader_of_an_old_fifo_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("consult.fifo");
        mkfifo(&path, Mode::S_IRWXU).unwrap();
        let (tell, told) = std::sync::mpsc::channel();
        let writer = thread::spawn(move || {
            tell.send(nix::unistd::gettid().as_raw()).unwrap();
            let mut end = fs::OpenOptions::new().write(true).open(path).unwrap();
            // What it writes while the reader is there is lost with the FIFO.
            while io::Write::write(&mut end, b"x")? > 0 {}
            Ok::<(), io::Error>(())
        });
        let tid = told.recv().unwrap();
        while crate::program::process::state(tid) != Some('S') {
            thread::yield_now();
        }
        remove_fifos(File::open(dir.path()).unwrap()).unwrap();
        let told = writer.join().unwrap();
        assert_eq!(told.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }
}
