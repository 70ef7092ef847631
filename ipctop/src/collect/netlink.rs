//! Asks the kernel for all sockets: sock_diag(7).

use std::io;
use std::os::fd::AsRawFd;

use netlink_packet_core::{
    NLM_F_DUMP, NLM_F_REQUEST, NetlinkHeader, NetlinkMessage, NetlinkPayload,
};
use netlink_packet_sock_diag::SockDiagMessage;
use netlink_packet_sock_diag::constants::{AF_INET, AF_INET6, IPPROTO_TCP};
use netlink_packet_sock_diag::inet::{ExtensionFlags, InetRequest, SocketId, StateFlags};
use netlink_packet_sock_diag::unix::{ShowFlags, StateFlags as UnixStates, UnixRequest};
use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, connect, recv, send,
    setsockopt, socket, sockopt,
};
use nix::sys::time::{TimeVal, TimeValLike};

/// The kernel sends at most 32 KiB at once.
const ANSWER_MAX: usize = 64 * 1024;
/// The kernel answers at once; a lost answer is an error, not a hang.
const PATIENCE_S: i64 = 1;

/// Everything about TCP over one version of IP.
pub(crate) fn tcp(is_v6: bool) -> io::Result<Vec<SockDiagMessage>> {
    dump(SockDiagMessage::InetRequest(InetRequest {
        family: if is_v6 { AF_INET6 } else { AF_INET },
        protocol: IPPROTO_TCP,
        extensions: ExtensionFlags::INFO,
        // Nobody has a descriptor of a connection that only waits for its time to pass.
        states: StateFlags::all() - StateFlags::TIME_WAIT,
        socket_id: if is_v6 { SocketId::new_v6() } else { SocketId::new_v4() },
    }))
}

/// Everything about Unix sockets.
pub(crate) fn unix() -> io::Result<Vec<SockDiagMessage>> {
    dump(SockDiagMessage::UnixRequest(UnixRequest {
        state_flags: UnixStates::all(),
        inode: 0,
        show_flags: ShowFlags::NAME | ShowFlags::PEER | ShowFlags::RQLEN,
        cookie: [0xff; 8],
    }))
}

fn dump(question: SockDiagMessage) -> io::Result<Vec<SockDiagMessage>> {
    let socket = socket(
        AddressFamily::Netlink,
        SockType::Raw,
        SockFlag::SOCK_CLOEXEC,
        SockProtocol::NetlinkSockDiag,
    )?;
    setsockopt(&socket, sockopt::ReceiveTimeout, &TimeVal::seconds(PATIENCE_S))?;
    connect(socket.as_raw_fd(), &NetlinkAddr::new(0, 0))?;
    let mut header = NetlinkHeader::default();
    header.flags = NLM_F_REQUEST | NLM_F_DUMP;
    let mut packet = NetlinkMessage::new(header, question.into());
    packet.finalize();
    let mut bytes = vec![0; packet.buffer_len()];
    packet.serialize(&mut bytes);
    send(socket.as_raw_fd(), &bytes, MsgFlags::empty())?;
    let mut answers = Vec::new();
    let mut buffer = vec![0; ANSWER_MAX];
    loop {
        let len = recv(socket.as_raw_fd(), &mut buffer, MsgFlags::empty())?;
        if len == 0 || !add(&buffer[..len], &mut answers)? {
            return Ok(answers);
        }
    }
}

/// Adds the answers of one datagram; false after the last one.
fn add(mut bytes: &[u8], answers: &mut Vec<SockDiagMessage>) -> io::Result<bool> {
    while !bytes.is_empty() {
        let message = NetlinkMessage::<SockDiagMessage>::deserialize(bytes);
        let message = match message {
            Ok(message) => message,
            // One that this library does not understand, such as an odd name, hides no other.
            Err(_) => match length(bytes) {
                Some(len) => {
                    bytes = &bytes[len..];
                    continue;
                }
                None => return Ok(false),
            },
        };
        let len = (message.header.length as usize).next_multiple_of(4).min(bytes.len());
        bytes = &bytes[len..];
        match message.payload {
            NetlinkPayload::InnerMessage(answer) => answers.push(answer),
            NetlinkPayload::Done(_) => return Ok(false),
            NetlinkPayload::Error(error) => return Err(error.to_io()),
            _ => {}
        }
        if len == 0 {
            return Ok(false);
        }
    }
    Ok(true)
}

fn length(bytes: &[u8]) -> Option<usize> {
    let len = u32::from_ne_bytes(bytes.get(..4)?.try_into().ok()?) as usize;
    let len = len.next_multiple_of(4);
    (16..=bytes.len()).contains(&len).then_some(len)
}
