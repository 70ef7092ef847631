//! Peers that stop in the middle: of a handshake, of a record, before close_notify; and many of them.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use common::client::ask::Ask;
use common::protocol::request::Request;
use harness::address;
use harness::effort::Effort;
use harness::server::Server;
use harness::stage::Stage;
use harness::tunnel::trusting;
use harness::wait;
use rustls::ClientConnection;
use rustls::pki_types::ServerName;
use zerocopy::IntoBytes;

const SOON: Duration = Duration::from_secs(10);

/// A connection without TLS yet, and a client's end of it in memory.
pub(crate) fn begin(server: &Server) -> (TcpStream, ClientConnection) {
    let stream = TcpStream::connect(address::of(&server.dir())).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(wait::at_most(SOON))).unwrap();
    let config = trusting(&server.dir().join("tls/ca.pem")).unwrap();
    let name = ServerName::try_from("127.0.0.1").unwrap();
    (stream, ClientConnection::new(config, name).unwrap())
}

/// The same after the handshake.
pub(crate) fn connect(server: &Server) -> (TcpStream, ClientConnection) {
    let (mut stream, mut tls) = begin(server);
    while tls.is_handshaking() || tls.wants_write() {
        tls.complete_io(&mut stream).unwrap();
    }
    (stream, tls)
}

/// The records that have to be sent next.
pub(crate) fn records(tls: &mut ClientConnection) -> Vec<u8> {
    let mut bytes = Vec::new();
    while tls.wants_write() {
        tls.write_tls(&mut bytes).unwrap();
    }
    bytes
}

/// The records of a request.
pub(crate) fn request(tls: &mut ClientConnection, ask: Ask) -> Vec<u8> {
    tls.writer().write_all(Request::new(1, 1, ask).as_bytes()).unwrap();
    records(tls)
}

#[test]
fn a_peer_that_stops_in_a_handshake_costs_nothing_wherever_it_stops() {
    let server = Server::start(Stage::Q7Tls);
    let at_rest = server.threads().len();
    let hello = records(&mut begin(&server).1);
    let step = Effort::asked().of(17, 3, 1);
    for cut in (0..hello.len()).step_by(step) {
        let (mut stream, _) = begin(&server);
        stream.write_all(&hello[..cut]).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        assert!(answer.is_empty() || answer[0] == 21, "{cut}: {answer:?}");
    }
    // With the whole hello, and the half of what comes next.
    let (mut stream, mut tls) = begin(&server);
    stream.write_all(&records(&mut tls)).unwrap();
    while !tls.wants_write() {
        assert!(tls.read_tls(&mut stream).unwrap() > 0);
        tls.process_new_packets().unwrap();
    }
    let rest = records(&mut tls);
    stream.write_all(&rest[..rest.len() / 2]).unwrap();
    drop(stream);
    wait::until_true("no thread of theirs", SOON, || server.threads().len() == at_rest);
    server.client().view(1);
    assert!(!server.log().contains("panic"), "{}", server.log());
}

#[test]
fn a_peer_that_stops_in_a_record_has_five_seconds() {
    let server = Server::start(Stage::Q7Tls);
    let (mut stream, mut tls) = connect(&server);
    let bytes = request(&mut tls, Ask::Reserve { show: 3, seats: 1 });
    let before = Instant::now();
    stream.write_all(&bytes[..bytes.len() - 1]).unwrap();
    // Nothing more: the server says goodbye.
    while !tls.process_new_packets().unwrap().peer_has_closed() {
        assert!(tls.read_tls(&mut stream).unwrap() > 0);
    }
    let took = before.elapsed();
    assert!((4.9..7.0).contains(&took.as_secs_f64()), "{took:?}");
    assert_eq!(server.table_on_disk().rows[2].seats, 120, "a cut record is no request");
}

#[test]
fn an_end_without_close_notify_is_one_between_two_requests_and_none_inside() {
    let server = Server::start(Stage::Q7Tls);
    let at_rest = server.threads().len();
    for cut in [0, 1, 30] {
        let (mut stream, mut tls) = connect(&server);
        let whole = request(&mut tls, Ask::Reserve { show: 3, seats: 1 });
        stream.write_all(&whole).unwrap();
        let next = request(&mut tls, Ask::Reserve { show: 3, seats: 100 });
        stream.write_all(&next[..cut]).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        // The answer to the first one comes, and then the server's own goodbye.
        let mut replied = 0;
        loop {
            let size = tls.read_tls(&mut stream).unwrap();
            let state = tls.process_new_packets().unwrap();
            let mut bytes = vec![0; state.plaintext_bytes_to_read()];
            tls.reader().read_exact(&mut bytes).unwrap();
            replied += bytes.len();
            if state.peer_has_closed() {
                break;
            }
            assert!(size > 0, "a close_notify comes");
        }
        assert_eq!(replied, 32);
    }
    assert_eq!(server.table_on_disk().rows[2].seats, 117);
    wait::until_true("no thread of theirs", SOON, || server.threads().len() == at_rest);
}

#[test]
fn half_done_handshakes_delay_nobody() {
    let server = Server::start(Stage::Q7Tls);
    let hello = records(&mut begin(&server).1);
    let mut count = Effort::asked().of(300, 1000, 1000);
    let mut half_done = Vec::new();
    let mut longest = Duration::ZERO;
    while count > 0 {
        // Half of a hello each, and all of them stay.
        for _ in 0..100 {
            let mut stream = TcpStream::connect(address::of(&server.dir())).unwrap();
            stream.write_all(&hello[..hello.len() / 2]).unwrap();
            half_done.push(stream);
        }
        count -= 100;
        let before = Instant::now();
        server.client().view(1);
        longest = longest.max(before.elapsed());
    }
    assert!(longest < Duration::from_secs(5), "a client waited for {longest:?}");
    drop(half_done);
    wait::until_true("no thread of theirs", SOON, || server.threads().len() == 3);
}

#[test]
fn a_client_that_is_told_nothing_says_that_nothing_was_reserved() {
    let server = Server::start(Stage::Q7Tls);
    // Something that accepts, and closes in the middle of the handshake.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let closes = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.read_exact(&mut [0; 5]).unwrap();
        let mut rest = vec![0; 4096];
        let _ = stream.read(&mut rest);
    });
    let mut client = std::process::Command::new(Stage::Q7Tls.client());
    client.arg("--dir").arg(server.dir()).args(["--connect", &address, "reserve", "3", "1"]);
    let (status, error) = crate::said(&mut client);
    closes.join().unwrap();
    assert!(status == Some(2), "{error}");
    assert!(error.contains("closed by the server in the middle of the handshake"), "{error}");
}
