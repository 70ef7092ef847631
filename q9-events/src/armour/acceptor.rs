//! The acceptor: the listening sockets in the loop, room for many that connect at once, and a pause
//! when accept fails.
//!
//! This stops clients that use up all descriptors: `sockets`
//! `without_descriptors_connections_wait_and_nothing_spins`.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::Context;
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollEvent, EpollFlags};
use q5_sockets::armour::listeners::Listeners;
use q5_sockets::stream::set_options;
use tracing::{debug, warn};

/// Connections that the kernel completes and keeps until they are accepted. With the 128 of std, of
/// 4096 clients that connect at once some waited for 12 s: the kernel had ignored their packets.
const BACKLOG: i32 = 4096;
/// Connections that one turn accepts from a socket at most.
const ACCEPTS_MAX: usize = 256;
/// How long connections stay in the kernel's queue when there is no descriptor for them. The socket
/// stays ready: without a pause, the loop would try again without end.
const PAUSE: Duration = Duration::from_millis(100);

/// The listening sockets of a server.
#[derive(Debug)]
pub(crate) struct Acceptor {
    listeners: Listeners,
    /// For epoll, the number of the first; those of the others follow.
    first: u64,
    /// Until when none is accepted, because there was no descriptor.
    paused_until: Option<Instant>,
    /// Whether the log says that connections wait.
    is_said: bool,
}

impl Acceptor {
    /// Listens on every address, and has epoll watch the sockets under numbers from `first` on.
    ///
    /// # Errors
    /// EADDRINUSE, EADDRNOTAVAIL, EACCES (a port below 1024): names the address. See bind(2).
    pub(crate) fn open(
        addresses: &[SocketAddr],
        epoll: &Epoll,
        first: u64,
    ) -> anyhow::Result<Acceptor> {
        let listeners = Listeners::open(addresses, BACKLOG)?;
        for socket in listeners.sockets() {
            // What is set here holds for each connection, and saves five calls for each.
            set_options(socket).context("cannot set the options of a socket")?;
        }
        let acceptor = Acceptor { listeners, first, paused_until: None, is_said: false };
        acceptor.watch(epoll).context("cannot watch a socket")?;
        Ok(acceptor)
    }

    /// The first address, with the port that it has got.
    ///
    /// # Errors
    /// ENOBUFS. See getsockname(2).
    pub(crate) fn address(&self) -> io::Result<SocketAddr> {
        Ok(self.listeners.addresses()?[0])
    }

    /// The first number that no listening socket has.
    pub(crate) fn end(&self) -> u64 {
        self.first + self.listeners.sockets().len() as u64
    }

    /// The connections that wait at the socket with this number.
    ///
    /// # Errors
    /// None that can happen. See epoll_ctl(2).
    pub(crate) fn accept(
        &mut self,
        number: u64,
        epoll: &Epoll,
        now: Instant,
    ) -> io::Result<Vec<(TcpStream, SocketAddr)>> {
        let mut accepted = Vec::new();
        let index = usize::try_from(number - self.first).unwrap_or_default();
        for _ in 0..ACCEPTS_MAX {
            let error = match self.listeners.sockets()[index].accept() {
                Ok(connection) => {
                    accepted.push(connection);
                    self.is_said = false;
                    continue;
                }
                Err(error) => error,
            };
            match error.raw_os_error().map(Errno::from_raw) {
                Some(Errno::EAGAIN) => break,
                Some(Errno::EMFILE | Errno::ENFILE | Errno::ENOBUFS | Errno::ENOMEM) => {
                    if !self.is_said {
                        warn!("cannot accept connections, they wait: {error}");
                    }
                    self.is_said = true;
                    self.pause(epoll, now)?;
                    break;
                }
                // An error of the connection, which is gone before it was accepted.
                _ => debug!("a connection was lost before it was accepted: {error}"),
            }
        }
        Ok(accepted)
    }

    /// When the pause is over, if there is one.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.paused_until
    }

    /// Accepts again if the pause is over.
    ///
    /// # Errors
    /// ENOMEM. See epoll_ctl(2).
    pub(crate) fn resume(&mut self, epoll: &Epoll, now: Instant) -> io::Result<()> {
        if self.paused_until.take_if(|until| *until <= now).is_some() {
            self.watch(epoll)?;
        }
        Ok(())
    }

    /// Accepts no more; the kernel resets whoever waits still.
    ///
    /// # Errors
    /// None that can happen. See epoll_ctl(2), shutdown(2).
    pub(crate) fn close(&mut self, epoll: &Epoll) -> io::Result<()> {
        if self.paused_until.take().is_none() {
            self.listeners.sockets().iter().try_for_each(|socket| epoll.delete(socket))?;
        }
        self.listeners.shut_down()
    }

    fn pause(&mut self, epoll: &Epoll, now: Instant) -> io::Result<()> {
        if self.paused_until.replace(now + PAUSE).is_none() {
            self.listeners.sockets().iter().try_for_each(|socket| epoll.delete(socket))?;
        }
        Ok(())
    }

    fn watch(&self, epoll: &Epoll) -> io::Result<()> {
        for (number, socket) in (self.first..).zip(self.listeners.sockets()) {
            epoll.add(socket, EpollEvent::new(EpollFlags::EPOLLIN, number))?;
        }
        Ok(())
    }
}
