//! The sending side of a connection, which has two users: the loop, and the disk thread while it
//! has reservations of that connection.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, PoisonError};

use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, send};

/// Who may send on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Owner {
    /// The loop, and nothing is left from the disk thread.
    Loop,
    /// The loop, after the bytes that the disk thread could not send.
    LoopAfterUnsent,
    /// The disk thread.
    Disk,
    /// The disk thread, which is to tell the loop when it is through.
    DiskAwaited,
}

/// The sending side of one connection.
///
/// A reservation at the disk refers to this object, never to a descriptor's number: the kernel gives
/// that number to the next connection when this one is closed. The object keeps the socket open for
/// as long as somebody may still send on it.
#[derive(Debug)]
pub(crate) struct WriteHalf {
    /// Its generation: no other connection of this server ever has it.
    pub(crate) id: u64,
    pub(crate) stream: TcpStream,
    pub(crate) peer: SocketAddr,
    owner: AtomicU8,
    /// What the disk thread could not send.
    unsent: Mutex<Vec<u8>>,
}

impl WriteHalf {
    /// That of a new connection: the loop's.
    pub(crate) fn new(id: u64, stream: TcpStream, peer: SocketAddr) -> WriteHalf {
        let owner = AtomicU8::new(Owner::Loop as u8);
        WriteHalf { id, stream, peer, owner, unsent: Mutex::default() }
    }

    /// Who may send now.
    pub(crate) fn owner(&self) -> Owner {
        // Acquire: whoever becomes the owner sees what the other one has left in `unsent`.
        owner(self.owner.load(Ordering::Acquire))
    }

    /// Gives it to the disk thread, before the reservations are submitted.
    pub(crate) fn hand_over(&self, is_awaited: bool) {
        let owner = if is_awaited { Owner::DiskAwaited } else { Owner::Disk };
        self.owner.store(owner as u8, Ordering::Release);
    }

    /// Has the disk thread tell the loop when it is through; false if it is through already.
    pub(crate) fn is_awaited(&self) -> bool {
        let (disk, awaited) = (Owner::Disk as u8, Owner::DiskAwaited as u8);
        let set = self.owner.compare_exchange(disk, awaited, Ordering::AcqRel, Ordering::Acquire);
        set.is_ok() || set == Err(awaited)
    }

    /// Gives it back to the loop, with what could not be sent; whether the loop is to be told.
    pub(crate) fn give_back(&self, unsent: &[u8]) -> bool {
        let mut owner_after = Owner::Loop;
        if !unsent.is_empty() {
            self.unsent.lock().unwrap_or_else(PoisonError::into_inner).extend(unsent);
            owner_after = Owner::LoopAfterUnsent;
        }
        let before = owner(self.owner.swap(owner_after as u8, Ordering::AcqRel));
        before == Owner::DiskAwaited || owner_after == Owner::LoopAfterUnsent
    }

    /// For the loop: what the disk thread could not send.
    pub(crate) fn take_unsent(&self) -> Vec<u8> {
        self.owner.store(Owner::Loop as u8, Ordering::Relaxed);
        std::mem::take(&mut self.unsent.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Sends as much as there is room for, and never waits; returns how much that was.
    ///
    /// # Errors
    /// EPIPE, ECONNRESET. See send(2).
    pub(crate) fn send(&self, bytes: &[u8]) -> io::Result<usize> {
        let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
        let mut sent = 0;
        while sent < bytes.len() {
            match send(self.stream.as_raw_fd(), &bytes[sent..], flags) {
                Ok(size) => sent += size,
                Err(Errno::EAGAIN) => break,
                Err(Errno::EINTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
        Ok(sent)
    }
}

fn owner(value: u8) -> Owner {
    [Owner::Loop, Owner::LoopAfterUnsent, Owner::Disk, Owner::DiskAwaited][usize::from(value)]
}
