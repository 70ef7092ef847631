//! Thousands at once: all connect soon, all are served, and silent ones slow nobody.

use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use common::client::ask::Ask;
use common::protocol::reply::Status;
use harness::address;
use harness::checks::sockets::raw::{Raw, request, start};
use harness::effort::Effort;
use harness::server::Server;
use harness::stage::Stage;
use nix::errno::Errno;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::socket::{
    AddressFamily, SockFlag, SockType, SockaddrStorage, connect, setsockopt, socket, sockopt,
};
use std::os::fd::AsRawFd;

/// More than these connects take on a loaded machine. A packet that the kernel ignores is sent again
/// after 1 s, then 2 s, then 4 s.
const CONNECT_MAX: Duration = Duration::from_secs(3);

/// Connects so often without waiting for any of them.
fn connect_all(server: &Server, count: usize) -> Vec<TcpStream> {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard).unwrap();
    let to: SocketAddr = address::of(&server.dir()).parse().unwrap();
    let open = |_| {
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let end = socket(AddressFamily::Inet, SockType::Stream, flags, None).unwrap();
        setsockopt(&end, sockopt::TcpNoDelay, &true).unwrap();
        match connect(end.as_raw_fd(), &SockaddrStorage::from(to)) {
            Ok(()) | Err(Errno::EINPROGRESS) => {}
            Err(errno) => panic!("connect: {errno}"),
        }
        let stream = TcpStream::from(end);
        stream.set_nonblocking(false).unwrap();
        stream
    };
    (0..count).map(open).collect()
}

#[test]
fn thousands_that_connect_at_once_are_all_served_soon() {
    let server = start(Stage::Q9Events, &["--durability", "process"]);
    let count = Effort::asked().of(1500, 4096, 4096);
    let before = Instant::now();
    let mut all: Vec<Raw> = connect_all(&server, count).into_iter().map(Raw::over).collect();
    for raw in &mut all {
        raw.send(&request(1, Ask::View { show: 3 }));
    }
    all.iter_mut().for_each(|raw| raw.expect("VIEW on one of thousands", Status::Ok, 1));
    let took = before.elapsed();
    let limit = CONNECT_MAX * Effort::asked().of(2, 2, 1);
    assert!(took < limit, "{count} connections took {took:?}");
}

/// The time within which 99 of 100 VIEWs are answered.
fn p99(server: &Server) -> Duration {
    let mut client = server.client();
    let mut times: Vec<Duration> = (0..1000)
        .map(|_| {
            let before = Instant::now();
            client.view(1);
            before.elapsed()
        })
        .collect();
    times.sort_unstable();
    times[989]
}

#[test]
fn ten_thousand_silent_connections_do_not_slow_one_that_asks() {
    let server = start(Stage::Q9Events, &[]);
    let count = Effort::asked().of(500, 2000, 10_000);
    let before = p99(&server);
    let _silent = connect_all(&server, count);
    // The time of the accepting is not that of the waiting.
    server.client().view(1);
    let during = p99(&server);
    // At night the machine has nothing else to do.
    let (times, least) = Effort::asked().of((20, 100), (20, 100), (2, 1));
    let limit = (before * times).max(Duration::from_millis(least));
    assert!(during <= limit, "{count} silent ones: {before:?} before, {during:?} beside them");
}
