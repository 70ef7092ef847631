//! TCP and Unix sockets, and who has the other end.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::io;
use std::net::{IpAddr, SocketAddr};

use netlink_packet_sock_diag::SockDiagMessage;
use netlink_packet_sock_diag::inet::nlas::Nla as InetNla;
use netlink_packet_sock_diag::inet::{InetResponse, Timer};
use netlink_packet_sock_diag::unix::UnixResponse;
use netlink_packet_sock_diag::unix::nlas::{Nla, UnixDiagName};

use crate::clean::clean_bytes;
use crate::collect::index::Index;
use crate::collect::netlink;
use crate::collect::notes::Notes;
use crate::model::object::{ObjectId, Socket};

/// The states of TCP in the words of ss(8), from TCP_ESTABLISHED = 1 on.
const STATES: [&str; 12] = [
    "unknown",
    "established",
    "syn-sent",
    "syn-recv",
    "fin-wait-1",
    "fin-wait-2",
    "time-wait",
    "closed",
    "close-wait",
    "last-ack",
    "listen",
    "closing",
];

/// Where tcp_info has its counters of bytes, see include/uapi/linux/tcp.h.
const BYTES_ACKED: usize = 120;
const BYTES_RECEIVED: usize = 128;

/// All sockets of this network namespace, asked for when somebody has one: the kernel walks through
/// large tables to tell of them.
#[derive(Debug, Default)]
pub(crate) struct Sockets {
    all: OnceCell<Vec<Socket>>,
    errors: RefCell<Vec<io::Error>>,
}

impl Sockets {
    /// All of them; owners are not known yet.
    pub(crate) fn all(&self) -> &[Socket] {
        self.all.get_or_init(|| {
            let mut sockets = Vec::new();
            for answers in [netlink::tcp(false), netlink::tcp(true), netlink::unix()] {
                match answers {
                    Ok(answers) => sockets.extend(answers.iter().filter_map(socket)),
                    Err(error) => self.errors.borrow_mut().push(error),
                }
            }
            find_tcp_peers(&mut sockets);
            sockets
        })
    }

    /// Those of which a member has a descriptor, with the owners of both ends.
    pub(crate) fn of(
        self,
        members: &BTreeMap<i32, bool>,
        open: &Index,
        notes: &mut Notes,
    ) -> Vec<Socket> {
        let mut owners: HashMap<u64, Vec<i32>> = HashMap::new();
        let is_member = |pid: &i32| members.contains_key(pid);
        for (pid, _, found) in open.iter() {
            if let Some(inode) = found.object.0.strip_prefix("socket:") {
                owners.entry(inode.parse().unwrap_or(0)).or_default().push(pid);
            }
        }
        if !owners.values().flatten().any(is_member) {
            return Vec::new();
        }
        owners.values_mut().for_each(|pids| pids.dedup());
        let owners_of = |inode: u64| owners.get(&inode).cloned().unwrap_or_default();
        self.all();
        let complete = |mut socket: Socket| {
            socket.owners = owners_of(socket.inode);
            socket.peers = socket.peer.map(owners_of).unwrap_or_default();
            socket.owners.iter().any(is_member).then_some(socket)
        };
        let all = self.all.into_inner().unwrap_or_default();
        let mut sockets: Vec<Socket> = all.into_iter().filter_map(complete).collect();
        sockets.sort_by_key(|socket| socket.inode);
        self.errors.borrow().iter().for_each(|error| notes.add_error("sockets-hidden", error));
        sockets
    }
}

impl Socket {
    /// Its name among the objects.
    pub fn id(&self) -> ObjectId {
        ObjectId::socket(self.inode)
    }
}

fn socket(answer: &SockDiagMessage) -> Option<Socket> {
    match answer {
        SockDiagMessage::InetResponse(response) => Some(tcp(response)),
        SockDiagMessage::UnixResponse(response) => Some(unix(response)),
        _ => None,
    }
}

fn state(number: u8) -> String {
    STATES.get(usize::from(number)).unwrap_or(&STATES[0]).to_string()
}

fn tcp(response: &InetResponse) -> Socket {
    let header = &response.header;
    let counted = |at| {
        response.nlas.iter().find_map(|attribute| match attribute {
            InetNla::TcpInfo(info) => {
                Some(u64::from_ne_bytes(info.get(at..at + 8)?.try_into().ok()?))
            }
            _ => None,
        })
    };
    let id = &header.socket_id;
    Socket {
        inode: u64::from(header.inode),
        family: "tcp".to_owned(),
        state: state(header.state),
        local: address(id.source_address, id.source_port),
        remote: address(id.destination_address, id.destination_port),
        receive_queue: u64::from(header.recv_queue),
        send_queue: u64::from(header.send_queue),
        received_bytes: counted(BYTES_RECEIVED),
        sent_bytes: counted(BYTES_ACKED),
        retries: match header.timer {
            Some(Timer::Retransmit(_, retries)) => u64::from(retries),
            _ => 0,
        },
        ..Socket::default()
    }
}

/// An IPv4 address looks alike in both families.
fn address(ip: IpAddr, port: u16) -> String {
    SocketAddr::new(ip.to_canonical(), port).to_string()
}

fn unix(response: &UnixResponse) -> Socket {
    let mut socket = Socket {
        inode: u64::from(response.header.inode),
        family: "unix".to_owned(),
        state: state(response.header.state),
        ..Socket::default()
    };
    for attribute in &response.nlas {
        match attribute {
            Nla::Name(UnixDiagName::Pathname(path)) => {
                socket.local = clean_bytes(path.as_encoded_bytes());
            }
            Nla::Name(UnixDiagName::Abstract(name)) => {
                socket.local = format!("@{}", clean_bytes(name));
            }
            Nla::Peer(inode) if *inode != 0 => socket.peer = Some(u64::from(*inode)),
            Nla::ReceiveQueueLength(received, sent) => {
                socket.receive_queue = u64::from(*received);
                socket.send_queue = u64::from(*sent);
            }
            _ => {}
        }
    }
    socket
}

/// The other end of a TCP connection is the socket with the same addresses the other way round.
fn find_tcp_peers(sockets: &mut [Socket]) {
    let ends: HashMap<(String, String), u64> = sockets
        .iter()
        .filter(|socket| socket.family == "tcp" && socket.state != "listen")
        .map(|socket| ((socket.local.clone(), socket.remote.clone()), socket.inode))
        .collect();
    for socket in sockets.iter_mut().filter(|socket| socket.family == "tcp") {
        let peer = ends.get(&(socket.remote.clone(), socket.local.clone())).copied();
        socket.peer = peer.filter(|&inode| inode != 0);
        let host = |address: &str| address.rsplit_once(':').map(|(host, _)| host.to_owned());
        let is_local = host(&socket.local) == host(&socket.remote);
        socket.peer_is_gone = socket.state == "established" && is_local && peer.is_none();
    }
}
