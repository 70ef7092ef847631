//! The listening sockets: several addresses, one thread that waits for all of them, and a pause when
//! accept fails.
//!
//! This stops clients that use up all descriptors: `sockets`
//! `without_descriptors_connections_wait_and_nothing_spins`.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsFd, AsRawFd};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::Context;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::socket::{
    self, AddressFamily, Backlog, Shutdown, SockFlag, SockType, SockaddrStorage,
};
use nix::sys::socket::{setsockopt, sockopt};
use tracing::{debug, info, warn};

use crate::armour::refused::{REFUSED_MAX, Refused};
use crate::sys;

/// Connections that the kernel completes and keeps until they are accepted.
pub const BACKLOG: i32 = 1024;
/// How long to leave connections in the kernel's queue when there is no descriptor for them.
///
/// Such a connection stays ready: without a pause, the thread would call poll and accept without end.
const PAUSE: Duration = Duration::from_millis(100);
/// How long a stop may take to accept, and refuse, those that wait.
const WAITING_MAX: Duration = Duration::from_millis(300);
/// How often to look whether any wait: no call waits for that.
const WAITING_POLL: Duration = Duration::from_millis(1);
/// Connections in a row that may be lost before they are accepted. With more, they are not the cause.
const LOST_MAX: u32 = 64;
/// Descriptors that are no connections: standard streams, DIR's files, listeners, and a reserve.
const OTHER_DESCRIPTORS: usize = 64;

/// The listening sockets of a server.
#[derive(Debug)]
pub struct Listeners {
    sockets: Vec<TcpListener>,
    /// Which of them is tried first next time: each in turn, so that none starves the others.
    next: AtomicUsize,
}

impl Listeners {
    /// Listens on every address; so many connections may wait to be accepted on each.
    ///
    /// # Errors
    /// EADDRINUSE, EADDRNOTAVAIL, EACCES (a port below 1024): names the address. See bind(2).
    pub fn open(addresses: &[SocketAddr], backlog: i32) -> anyhow::Result<Listeners> {
        let warning = "whoever reaches the port can reserve, and nothing is encrypted";
        Listeners::open_with(addresses, backlog, Some(warning))
    }

    /// As [`Listeners::open`]; `warning` is what the log says if other machines can connect.
    ///
    /// # Errors
    /// As [`Listeners::open`].
    pub fn open_with(
        addresses: &[SocketAddr],
        backlog: i32,
        warning: Option<&str>,
    ) -> anyhow::Result<Listeners> {
        let open = |address: &SocketAddr| {
            listen(*address, backlog).with_context(|| format!("cannot listen on {address}"))
        };
        let sockets: Vec<TcpListener> = addresses.iter().map(open).collect::<Result<_, _>>()?;
        let listeners = Listeners { sockets, next: AtomicUsize::new(0) };
        let bound = listeners.addresses().context("cannot tell the address")?;
        bound.iter().for_each(|address| info!("listening on {address}"));
        let is_open = bound.iter().any(|address| !address.ip().is_loopback());
        if let Some(warning) = warning.filter(|_| is_open) {
            warn!("other machines can connect: {warning}");
        }
        Ok(listeners)
    }

    /// The bound addresses, in the order of the command line.
    ///
    /// # Errors
    /// ENOBUFS. See getsockname(2).
    pub fn addresses(&self) -> io::Result<Vec<SocketAddr>> {
        self.sockets.iter().map(TcpListener::local_addr).collect()
    }

    /// The sockets, for a thread that waits for more than connections. They do not block.
    pub fn sockets(&self) -> &[TcpListener] {
        &self.sockets
    }

    /// How many connections wait to be accepted.
    ///
    /// # Errors
    /// None that can happen. See tcp(7), TCP_INFO.
    pub fn waiting(&self) -> io::Result<u64> {
        self.sockets.iter().map(|socket| Ok(u64::from(sys::waiting(socket)?))).sum()
    }

    /// Waits for the next connection, and meanwhile drains those that were refused. None when the
    /// listeners are closed: the server stops.
    ///
    /// # Errors
    /// ENOMEM. See poll(2).
    pub fn accept(&self, refused: &mut Refused) -> io::Result<Option<(TcpStream, SocketAddr)>> {
        let mut is_short = false;
        let mut lost = 0;
        loop {
            let is_ready = self.wait(refused)?;
            refused.drain();
            // A socket that stays ready and never gives a connection would keep this loop busy
            // without end, whatever the reason.
            lost = if is_ready { lost + 1 } else { 0 };
            if lost > LOST_MAX {
                self.pause()?;
            }
            let first = self.next.fetch_add(1, Ordering::Relaxed);
            for n in 0..self.sockets.len() {
                let socket = &self.sockets[(first + n) % self.sockets.len()];
                let error = match socket.accept() {
                    Ok(accepted) => return Ok(Some(accepted)),
                    Err(error) => error,
                };
                match error.raw_os_error().map(Errno::from_raw) {
                    Some(Errno::EAGAIN) => {}
                    // No longer a listening socket: close() was called.
                    Some(Errno::EINVAL) => return Ok(None),
                    Some(Errno::EMFILE | Errno::ENFILE | Errno::ENOBUFS | Errno::ENOMEM) => {
                        if !is_short {
                            warn!("cannot accept connections, they wait: {error}");
                        }
                        is_short = true;
                        self.pause()?;
                    }
                    // An error of the connection, which is gone before it was accepted.
                    _ => debug!("a connection was lost before it was accepted: {error}"),
                }
            }
        }
    }

    /// Ends the wait for connections: when those that wait are accepted, or soon, the sockets listen
    /// no more, and the kernel resets whoever waits still.
    ///
    /// This is shutdown(2), because close(2) would not wake a thread that waits on the descriptor.
    ///
    /// # Errors
    /// ENOTCONN. See shutdown(2).
    pub fn close(&self) -> io::Result<()> {
        let end = Instant::now() + WAITING_MAX;
        while self.waiting()? > 0 && Instant::now() < end {
            sleep(WAITING_POLL);
        }
        self.shut_down()
    }

    /// Ends it at once, for a thread that has accepted those that wait itself.
    ///
    /// # Errors
    /// ENOTCONN. See shutdown(2).
    pub fn shut_down(&self) -> io::Result<()> {
        for socket in &self.sockets {
            socket::shutdown(socket.as_raw_fd(), Shutdown::Read)?;
        }
        Ok(())
    }

    /// Waits for a connection or for a refused one. Returns whether there is a connection.
    fn wait(&self, refused: &Refused) -> io::Result<bool> {
        let events = PollFlags::POLLIN;
        let listening = self.sockets.iter().map(|socket| PollFd::new(socket.as_fd(), events));
        let mut all: Vec<PollFd<'_>> = listening.chain(refused.poll_fds()).collect();
        checked(poll(&mut all, refused.timeout()))?;
        Ok(all[..self.sockets.len()].iter().any(|socket| socket.any() == Some(true)))
    }

    /// Waits for a while, or until the listeners are closed, which poll reports without a request.
    fn pause(&self) -> io::Result<()> {
        let closed = |socket| PollFd::new(AsFd::as_fd(socket), PollFlags::empty());
        let mut all: Vec<PollFd<'_>> = self.sockets.iter().map(closed).collect();
        checked(poll(&mut all, PollTimeout::try_from(PAUSE).unwrap_or(PollTimeout::ZERO)))
    }
}

fn checked(polled: nix::Result<i32>) -> io::Result<()> {
    match polled {
        Ok(_) | Err(Errno::EINTR) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}

/// A listening socket. It is non-blocking, because the connection that poll has reported may be gone
/// when accept is called.
fn listen(address: SocketAddr, backlog: i32) -> io::Result<TcpListener> {
    let family = if address.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 };
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let socket = socket::socket(family, SockType::Stream, flags, None)?;
    // With it a restart need not wait for the kernel to forget the last connections (TIME-WAIT). Not
    // SO_REUSEPORT: with that a second server could share the port unnoticed.
    setsockopt(&socket, sockopt::ReuseAddr, &true)?;
    if address.is_ipv6() {
        // [::] means IPv6 and 0.0.0.0 IPv4, so that both can be given.
        setsockopt(&socket, sockopt::Ipv6V6Only, &true)?;
    }
    socket::bind(socket.as_raw_fd(), &SockaddrStorage::from(address))?;
    socket::listen(&socket, Backlog::new(backlog)?)?;
    Ok(TcpListener::from(socket))
}

/// Raises this process's limit of descriptors as far as it may, and returns how many of the wanted
/// connections it allows.
///
/// # Errors
/// Of getrlimit and setrlimit. See getrlimit(2).
pub fn descriptors_for(connections: usize) -> io::Result<usize> {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?;
    let others = OTHER_DESCRIPTORS + REFUSED_MAX;
    let room = usize::try_from(hard).unwrap_or(usize::MAX).saturating_sub(others).max(1);
    if room < connections {
        warn!("{hard} descriptors (ulimit -Hn) are enough for {room} connections only");
    }
    Ok(room.min(connections))
}
