//! What is no TLS 1.3, or none in time: named, answered by an alert, and closed.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use harness::address;
use harness::server::Server;
use harness::stage::{Stage, program, skip};
use harness::wait;

use crate::said;

/// Far more than a handshake takes.
const SOON: Duration = Duration::from_secs(10);

/// Sends bytes to a server; what it answers until it closes.
fn answer(server: &Server, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address::of(&server.dir())).unwrap();
    stream.set_read_timeout(Some(wait::at_most(SOON))).unwrap();
    stream.write_all(bytes).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    answer
}

#[test]
fn what_is_no_tls_is_named_and_answered_by_an_alert() {
    let server = Server::start(Stage::Q7Tls);
    for (bytes, words) in [
        (
            &b"SPC1 and so on, without TLS"[..],
            "speaks the box office's protocol without TLS: it needs q7's client",
        ),
        (b"GET / HTTP/1.1\r\n\r\n", "refused: the client speaks no TLS"),
        (&[22, 3, 1, 0, 4, 99, 0, 0, 0, 0, 0, 0], "refused: the client has "),
        (&[22, 3, 3, 0x7f, 0xff, 1, 0, 0], "a record that is longer than 16 KiB"),
    ] {
        let answer = answer(&server, bytes);
        assert!(answer.starts_with(&[21, 3]), "an alert: {answer:?}");
        let is_logged = || server.log().contains(words).then_some(());
        assert!(wait::until(SOON, is_logged).is_some(), "not {words:?}: {}", server.log());
    }
    let mut client = Command::new(program("q5-sockets-client"));
    client.args(["--connect", &address::of(&server.dir()), "list"]);
    let (status, error) = said(&mut client);
    assert!(
        status == Some(2) && error.contains("the server speaks TLS: use its own client"),
        "{error}"
    );
}

#[test]
fn tls_to_a_plain_server_is_named() {
    let tls = Server::start(Stage::Q7Tls);
    let plain = Server::start(Stage::Q5Sockets);
    let mut client = Command::new(program("q7-tls-client"));
    client.arg("--dir").arg(tls.dir()).arg("--connect").arg(address::of(&plain.dir()));
    let (status, error) = said(client.args(["reserve", "3", "1"]));
    let words = "the server speaks the box office's protocol without TLS: use q5's client";
    assert!(status == Some(2) && error.contains(words), "{error}");
    assert_eq!(plain.table_on_disk().rows[2].seats, 120);
}

#[test]
fn a_client_of_tls_1_2_is_named() {
    let name = "a_client_of_tls_1_2_is_named";
    if Command::new("openssl").arg("version").output().is_err() {
        return skip(name, "openssl");
    }
    let server = Server::start(Stage::Q7Tls);
    let mut client = Command::new("openssl");
    client.args(["s_client", "-tls1_2", "-connect", &address::of(&server.dir())]);
    let output = client.stdin(Stdio::null()).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("alert protocol version"), "{error}");
    let log = server.log();
    assert!(log.contains("refused: the client does not speak TLS 1.3"), "{log}");
}

#[test]
fn a_handshake_of_a_byte_a_second_ends_after_five() {
    let server = Server::start(Stage::Q7Tls);
    let mut stream = TcpStream::connect(address::of(&server.dir())).unwrap();
    let before = Instant::now();
    stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    // A ClientHello that never gets whole.
    let mut bytes = [22, 3, 1, 2, 0, 1, 0, 1, 252].into_iter().chain(std::iter::repeat(3));
    while before.elapsed() < SOON {
        let _ = stream.write_all(&[bytes.next().unwrap()]);
        if stream.read(&mut [0; 64]).is_ok() {
            break;
        }
    }
    let took = before.elapsed();
    assert!((4.9..7.0).contains(&took.as_secs_f64()), "{took:?}");
    let is_logged = || server.log().contains("refused: no handshake within 5 s").then_some(());
    assert!(wait::until(SOON, is_logged).is_some(), "{}", server.log());
    let _ = stream.shutdown(Shutdown::Both);
}
