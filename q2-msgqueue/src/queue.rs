//! One System V message queue: its maker removes it, and every call says whether it waits.

use std::io;

use nix::errno::Errno;

use crate::sys::{self, Message};

/// A message queue.
#[derive(Debug)]
pub struct Queue {
    key: i32,
    id: i32,
    /// The process that made the queue and removes it. A forked worker has a copy of this handle,
    /// and must not remove it.
    maker: Option<u32>,
}

/// Whether a call waits until it can succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// As long as it takes.
    Yes,
    /// Until a signal comes.
    UntilSignal,
    /// Not at all.
    No,
}

/// Which messages a call receives, the oldest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Any.
    All,
    /// Those of this type.
    Only(i64),
    /// Those of all other types.
    Except(i64),
}

/// A received message.
#[derive(Clone, Debug)]
pub struct Received(Message);

impl Default for Received {
    /// Space for a message.
    #[inline]
    fn default() -> Received {
        Received(Message::room())
    }
}

impl Received {
    /// The message's type.
    pub fn mtype(&self) -> i64 {
        self.0.mtype
    }

    /// Its bytes; those of a message longer than any reply are cut one byte behind a reply's end.
    pub fn bytes(&self) -> &[u8] {
        self.0.text()
    }
}

/// How full a queue is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load {
    /// Messages in it.
    pub messages: u64,
    /// Bytes in it, types not counted.
    pub bytes: u64,
    /// Bytes it may hold, `msgmnb` unless it was limited.
    pub capacity: u64,
}

impl Queue {
    /// Makes the queue of `key`, for this user only.
    ///
    /// # Errors
    /// EEXIST if there is one; ENOSPC if the system has no queue left (msgmni). See msgget(2).
    pub fn create(key: i32) -> io::Result<Queue> {
        let id = sys::msgget(key, libc::IPC_CREAT | libc::IPC_EXCL | 0o600)?;
        Ok(Queue { key, id, maker: Some(std::process::id()) })
    }

    /// Finds the queue of `key`.
    ///
    /// # Errors
    /// ENOENT if there is none, EACCES if it is another user's. See msgget(2).
    pub fn open(key: i32) -> io::Result<Queue> {
        Ok(Queue { key, id: sys::msgget(key, 0)?, maker: None })
    }

    /// Another handle, for another thread: it removes nothing when it is dropped.
    pub fn handle(&self) -> Queue {
        Queue { key: self.key, id: self.id, maker: None }
    }

    /// The key by which it was made or found.
    pub fn key(&self) -> i32 {
        self.key
    }

    /// The queue's id, as `ipcs -q` shows it.
    pub fn id(&self) -> i32 {
        self.id
    }

    /// Sends a message.
    ///
    /// # Errors
    /// EAGAIN (`WouldBlock`) if it is full and we do not wait, EINTR, EIDRM or EINVAL if it is
    /// gone. See msgsnd(2).
    ///
    /// # Panics
    /// If there are more bytes than a reply can have.
    pub fn send(&self, mtype: i64, bytes: &[u8], wait: Wait) -> io::Result<()> {
        let mut message = Message::room();
        message.set(mtype, bytes);
        sys::msgsnd(self.id, &message, flags(wait))
    }

    /// Sends without waiting; returns whether the message was sent: false if the queue is full.
    ///
    /// # Errors
    /// EIDRM or EINVAL if it is gone. See msgop(2).
    pub fn try_send(&self, mtype: i64, bytes: &[u8]) -> io::Result<bool> {
        match self.send(mtype, bytes, Wait::No) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
            result => result.map(|()| true),
        }
    }

    /// Receives a message; None if there is none and we do not wait.
    ///
    /// # Errors
    /// EINTR, EIDRM or EINVAL if it is gone. See msgrcv(2).
    pub fn receive(&self, which: Which, wait: Wait) -> io::Result<Option<Received>> {
        let mut received = Received::default();
        Ok(self.receive_into(&mut received, which, wait)?.then_some(received))
    }

    /// As [`Queue::receive`], into an existing message; false if none came.
    ///
    /// # Errors
    /// As [`Queue::receive`].
    pub fn receive_into(
        &self,
        received: &mut Received,
        which: Which,
        wait: Wait,
    ) -> io::Result<bool> {
        match which {
            Which::All => self.msgrcv(received, 0, flags(wait)),
            Which::Only(mtype) => self.msgrcv(received, mtype, flags(wait)),
            Which::Except(mtype) => self.msgrcv(received, mtype, flags(wait) | libc::MSG_EXCEPT),
        }
    }

    /// Copies the message at a position, from 0 for the oldest, and leaves it there. None if there are
    /// fewer messages.
    ///
    /// # Errors
    /// ENOSYS if the kernel was built without checkpoint/restore; EIDRM or EINVAL if the queue is
    /// gone. See msgrcv(2).
    pub fn peek(&self, position: i64) -> io::Result<Option<Received>> {
        let mut received = Received::default();
        let flags = libc::MSG_COPY | libc::IPC_NOWAIT;
        match self.msgrcv(&mut received, position, flags) {
            // Anybody can put a message there that is longer than any of ours.
            Err(error) if error.raw_os_error() == Some(libc::EINVAL) => self.peek_large(position),
            found => Ok(found?.then_some(received)),
        }
    }

    fn peek_large(&self, position: i64) -> io::Result<Option<Received>> {
        // Fails if the queue is gone, which is EINVAL, too.
        let capacity = self.load()?.capacity as usize;
        match sys::msgrcv_copy(self.id, position, capacity) {
            Err(error) if error.raw_os_error() == Some(libc::ENOMSG) => Ok(None),
            message => message.map(|message| Some(Received(message))),
        }
    }

    fn msgrcv(&self, received: &mut Received, mtype: i64, flags: i32) -> io::Result<bool> {
        match sys::msgrcv(self.id, &mut received.0, mtype, flags) {
            Err(error) if error.raw_os_error() == Some(libc::ENOMSG) => Ok(false),
            result => result.map(|()| true),
        }
    }

    /// How full the queue is.
    ///
    /// # Errors
    /// EIDRM or EINVAL if it is gone. See msgctl(2).
    pub fn load(&self) -> io::Result<Load> {
        let status = sys::msgctl_stat(self.id)?;
        Ok(Load {
            messages: status.msg_qnum,
            bytes: status.__msg_cbytes,
            capacity: status.msg_qbytes,
        })
    }

    /// Limits the bytes that it may hold; the messages in it stay. A queue that is gone already is no
    /// error.
    ///
    /// # Errors
    /// EPERM if that is more than `msgmnb`. See msgctl(2).
    pub fn limit(&self, bytes: u64) -> io::Result<()> {
        let limited = sys::msgctl_stat(self.id).and_then(|mut status| {
            status.msg_qbytes = bytes;
            sys::msgctl_set(self.id, &status)
        });
        match limited {
            Err(error) if !is_gone(&error) => Err(error),
            _ => Ok(()),
        }
    }

    /// Removes the queue; whoever is blocked on it gets EIDRM. A queue that is gone already is no
    /// error.
    ///
    /// # Errors
    /// EPERM. See msgctl(2).
    pub fn remove(&mut self) -> io::Result<()> {
        match sys::msgctl_remove(self.id) {
            Err(error) if !is_gone(&error) => return Err(error),
            _ => self.maker = None,
        }
        Ok(())
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        if self.maker == Some(std::process::id())
            && let Err(error) = self.remove()
        {
            tracing::warn!("cannot remove message queue {}: {error}", self.id);
        }
    }
}

/// Whether an error means that the queue was removed: EIDRM for the call that was blocked, EINVAL
/// for a later one.
pub fn is_gone(error: &io::Error) -> bool {
    matches!(error.raw_os_error().map(Errno::from_raw), Some(Errno::EIDRM | Errno::EINVAL))
}

fn flags(wait: Wait) -> i32 {
    match wait {
        Wait::Yes | Wait::UntilSignal => 0,
        Wait::No => libc::IPC_NOWAIT,
    }
}
