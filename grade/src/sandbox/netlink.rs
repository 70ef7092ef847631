//! Requests to the kernel about network interfaces: links and addresses.

use std::io;
use std::net::Ipv4Addr;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, recv, send, socket,
};

/// A nested attribute of a veth: its other end. See linux/veth.h.
const VETH_INFO_PEER: u16 = 1;
const HEADER: usize = 16;
/// Prefix of the addresses that are given: 255.255.255.0.
const PREFIX: u8 = 24;

/// The network of the thread that opens it.
#[derive(Debug)]
pub(crate) struct Network {
    socket: OwnedFd,
}

impl Network {
    /// # Errors
    /// EPROTONOSUPPORT, EMFILE. See netlink(7).
    pub(crate) fn open() -> io::Result<Network> {
        let flags = SockFlag::SOCK_CLOEXEC;
        let protocol = SockProtocol::NetlinkRoute;
        Ok(Network { socket: socket(AddressFamily::Netlink, SockType::Raw, flags, protocol)? })
    }

    /// Has an interface work.
    ///
    /// # Errors
    /// EPERM, ENODEV.
    pub(crate) fn up(&self, interface: i32) -> io::Result<()> {
        let up = libc::IFF_UP as u32;
        let mut message = Message::new(libc::RTM_NEWLINK, 0);
        message.link(interface, up);
        self.ask(message)
    }

    /// Gives an interface an address.
    ///
    /// # Errors
    /// EPERM, ENODEV, EEXIST.
    pub(crate) fn address(&self, interface: i32, address: Ipv4Addr) -> io::Result<()> {
        let mut message = Message::new(libc::RTM_NEWADDR, libc::NLM_F_CREATE | libc::NLM_F_EXCL);
        message.bytes.extend([libc::AF_INET as u8, PREFIX, 0, 0]);
        message.bytes.extend(interface.to_ne_bytes());
        message.attribute(libc::IFA_LOCAL, &address.octets());
        message.attribute(libc::IFA_ADDRESS, &address.octets());
        self.ask(message)
    }

    /// Makes a cable: one end is here, the other in another network. Each is interface 2 there.
    ///
    /// # Errors
    /// EPERM; EOPNOTSUPP: the kernel has no veth.
    pub(crate) fn cable(&self, other: BorrowedFd<'_>) -> io::Result<()> {
        let mut message = Message::new(libc::RTM_NEWLINK, libc::NLM_F_CREATE | libc::NLM_F_EXCL);
        message.link(CABLE, 0);
        message.attribute(libc::IFLA_IFNAME, b"eth0\0");
        message.nested(libc::IFLA_LINKINFO, |info| {
            info.attribute(libc::IFLA_INFO_KIND, b"veth\0");
            info.nested(libc::IFLA_INFO_DATA, |data| {
                data.nested(VETH_INFO_PEER, |peer| {
                    peer.link(CABLE, 0);
                    peer.attribute(libc::IFLA_IFNAME, b"eth0\0");
                    peer.attribute(libc::IFLA_NET_NS_FD, &other.as_raw_fd().to_ne_bytes());
                });
            });
        });
        self.ask(message)
    }

    fn ask(&self, message: Message) -> io::Result<()> {
        let fd = self.socket.as_raw_fd();
        send(fd, &message.finish(), MsgFlags::empty())?;
        let mut answer = [0; 1024];
        let len = recv(fd, &mut answer, MsgFlags::empty())?;
        // An acknowledgement is an error message with error 0.
        let error = answer[..len].get(HEADER..HEADER + 4).and_then(|bytes| bytes.try_into().ok());
        match error.map(i32::from_ne_bytes) {
            Some(0) => Ok(()),
            Some(error) => Err(Errno::from_raw(-error).into()),
            None => Err(io::Error::from_raw_os_error(libc::EBADMSG)),
        }
    }
}

/// The interface "lo" of every network.
pub(crate) const LOOPBACK: i32 = 1;
/// The interface at each end of a cable.
pub(crate) const CABLE: i32 = 2;

/// A message that is being written. See rtnetlink(7).
struct Message {
    bytes: Vec<u8>,
}

impl Message {
    fn new(kind: u16, flags: i32) -> Message {
        let flags = (flags | libc::NLM_F_REQUEST | libc::NLM_F_ACK) as u16;
        // The length comes last; the two other numbers tell requests apart, of which there is one.
        let mut bytes = vec![0; HEADER];
        bytes[4..6].copy_from_slice(&kind.to_ne_bytes());
        bytes[6..8].copy_from_slice(&flags.to_ne_bytes());
        Message { bytes }
    }

    /// An `ifinfomsg`; `flags` are those to set, and no others change.
    fn link(&mut self, interface: i32, flags: u32) {
        self.bytes.extend([libc::AF_UNSPEC as u8, 0, 0, 0]);
        self.bytes.extend(interface.to_ne_bytes());
        self.bytes.extend(flags.to_ne_bytes());
        self.bytes.extend(flags.to_ne_bytes());
    }

    fn attribute(&mut self, kind: u16, value: &[u8]) {
        self.nested(kind, |message| message.bytes.extend(value));
    }

    fn nested(&mut self, kind: u16, write: impl FnOnce(&mut Message)) {
        let begin = self.bytes.len();
        self.bytes.extend([0; 4]);
        write(self);
        let len = (self.bytes.len() - begin) as u16;
        self.bytes[begin..begin + 2].copy_from_slice(&len.to_ne_bytes());
        self.bytes[begin + 2..begin + 4].copy_from_slice(&kind.to_ne_bytes());
        // The next one begins at a multiple of four.
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }

    fn finish(mut self) -> Vec<u8> {
        let len = self.bytes.len() as u32;
        self.bytes[..4].copy_from_slice(&len.to_ne_bytes());
        self.bytes
    }
}
