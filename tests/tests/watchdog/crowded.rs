//! Too many connections: a flood that keeps every backlog full, and no memory for a thread.

use std::net::SocketAddrV4;
use std::process::{Child, Command};
use std::time::Duration;

use common::client::ask::Ask;
use common::protocol::reply::Status;
use harness::address;
use harness::effort::Effort;
use harness::server::Server;
use harness::stage::program;
use harness::strace::Strace;
use harness::sys::tie_to_this_thread;
use harness::wait;
use q5_sockets::client::Client as Connection;

use crate::scene::{SOON, VICTIMS, port, process, start};

/// What costs a server least.
const VIEW: Ask = Ask::View { show: 1 };
const NOTHING: Ask = Ask::Reserve { show: 0, seats: 0 };
/// Processes that connect.
const FLOODS: usize = 6;

/// Where the servers of [`VICTIMS`] listen.
fn ports(server: &Server) -> [u16; 3] {
    let dispatcher: SocketAddrV4 = address::of(&server.dir()).parse().unwrap();
    let secondary = |ask| u16::try_from(port(server, ask)).unwrap();
    [dispatcher.port(), secondary(NOTHING), secondary(VIEW)]
}

/// A client that only connects; dropping it kills it.
struct Flood(Child);

impl Flood {
    fn start(ports: &[u16]) -> Flood {
        let mut command = Command::new(program("connect-flood"));
        command.args(ports.iter().map(u16::to_string));
        Flood(tie_to_this_thread(&mut command).spawn().unwrap())
    }
}

impl Drop for Flood {
    fn drop(&mut self) {
        self.0.kill().and_then(|()| self.0.wait()).unwrap();
    }
}

#[test]
fn a_flood_of_connections_has_no_healthy_server_killed() {
    // One server, and then all of them: each has its share of the processor.
    for at_once in [1, VICTIMS.len()] {
        let server = start(&[]);
        let (ports, before) = (ports(&server), VICTIMS.map(|name| process(&server, name)));
        let floods: Vec<Flood> = (0..FLOODS).map(|_| Flood::start(&ports[..at_once])).collect();
        let time = Duration::from_secs(Effort::asked().of(3, 10, 300));
        let is_killed = || server.log().contains("gives no sign of life").then_some(());
        let killed = wait::patiently(time, is_killed);
        drop(floods);
        assert_eq!(killed, None, "{at_once} flooded: {}", server.last_words());
        assert_eq!(VICTIMS.map(|name| process(&server, name)), before, "{}", server.last_words());
        let mut client = server.client();
        assert_eq!(client.reserve(1, 1), (Status::Ok, 199), "{}", server.last_words());
    }
}

#[test]
fn without_memory_for_a_thread_a_connection_is_told_busy_and_no_server_ends() {
    let name = "without_memory_for_a_thread_a_connection_is_told_busy_and_no_server_ends";
    let server = start(&[]);
    let (ports, before) = (ports(&server), VICTIMS.map(|name| process(&server, name)));
    for ((port, pid), ask) in ports.into_iter().zip(before).zip([VIEW, NOTHING, VIEW]) {
        let open = || Connection::open(&format!("127.0.0.1:{port}"), SOON).unwrap();
        let fault = ["-e", "trace=mmap", "-e", "inject=mmap:error=ENOMEM"];
        let Some(strace) = Strace::attach(name, &[pid], &fault) else { return };
        // A thread that has ended leaves its stack to the next one. These keep theirs.
        let mut connections: Vec<Connection> = Vec::new();
        let is_busy = (0..20).any(|_| {
            let mut connection = open();
            let status = connection.ask(ask).unwrap().status();
            connections.push(connection);
            status == Some(Status::Busy)
        });
        assert!(is_busy, "port {port}");
        drop(strace);
        let status = open().ask(ask).unwrap().status();
        assert_ne!(status, Some(Status::Busy), "port {port}");
    }
    assert_eq!(VICTIMS.map(|name| process(&server, name)), before, "{}", server.last_words());
    assert!(server.log().contains("cannot start a thread"), "{}", server.last_words());
}
