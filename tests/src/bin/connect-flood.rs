//! A client that only connects and resets, without waiting, until it is killed: it keeps the
//! backlogs of some ports full.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::{AsRawFd, OwnedFd};

use common::program::signals::inherit_nothing;
use nix::sys::socket::{self, AddressFamily, SockFlag, SockType, SockaddrIn, setsockopt, sockopt};

/// Connections that are open at once: fewer than the descriptors that any process has.
const OPEN_MAX: usize = 900;

fn main() -> anyhow::Result<()> {
    inherit_nothing();
    let ports = std::env::args().skip(1).map(|port| Ok(port.parse()?));
    let ports: Vec<u16> = ports.collect::<anyhow::Result<_>>()?;
    let mut open = VecDeque::new();
    for port in ports.into_iter().cycle() {
        if open.len() == OPEN_MAX {
            open.pop_front();
        }
        open.push_back(connect(port)?);
    }
    Ok(())
}

/// Begins to connect. A drop resets the connection, which stays in the backlog.
fn connect(port: u16) -> nix::Result<OwnedFd> {
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let socket = socket::socket(AddressFamily::Inet, SockType::Stream, flags, None)?;
    setsockopt(&socket, sockopt::Linger, &libc::linger { l_onoff: 1, l_linger: 0 })?;
    let to = SockaddrIn::from(SocketAddrV4::new(Ipv4Addr::LOCALHOST, port));
    // It is under way, or there is no local port left for the moment.
    let _under_way = socket::connect(socket.as_raw_fd(), &to);
    Ok(socket)
}
