//! The connections that the disk thread gives back, where the loop waits for that: a list, and an
//! eventfd that epoll watches.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Mutex, PoisonError};

use nix::errno::Errno;
use nix::sys::eventfd::{EfdFlags, EventFd};

/// Ids of connections, and the descriptor that says that there are some.
#[derive(Debug)]
pub(crate) struct Returned {
    ids: Mutex<Vec<u64>>,
    event: EventFd,
}

impl Returned {
    /// Nothing yet.
    ///
    /// # Errors
    /// EMFILE, ENFILE, ENOMEM. See eventfd(2).
    pub(crate) fn new() -> io::Result<Returned> {
        let flags = EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK;
        let event = EventFd::from_value_and_flags(0, flags)?;
        Ok(Returned { ids: Mutex::default(), event })
    }

    /// For the disk thread: gives these back, and wakes the loop if there are any.
    pub(crate) fn tell(&self, ids: &mut Vec<u64>) {
        if ids.is_empty() {
            return;
        }
        self.ids.lock().unwrap_or_else(PoisonError::into_inner).append(ids);
        // EAGAIN: the loop has not looked for 2^64 batches, and is told anyway.
        let _ = self.event.write(1);
    }

    /// For the loop: all that were given back since the last call.
    ///
    /// # Errors
    /// None that can happen. See read(2).
    pub(crate) fn take(&self) -> io::Result<Vec<u64>> {
        match self.event.read() {
            Ok(_) | Err(Errno::EAGAIN | Errno::EINTR) => {}
            Err(errno) => return Err(errno.into()),
        }
        Ok(std::mem::take(&mut self.ids.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// For epoll: readable when there are some.
impl AsFd for Returned {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.event.as_fd()
    }
}
