//! Clients and the dispatcher: garbage costs only its sender, and who is refused asks again, but
//! not for ever, and never for seats that may be sold already.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use common::client::ask::Ask;
use common::protocol::reply::{REPLY_MAX, Reply, Status};
use common::protocol::request::{REQUEST_SIZE, Request};
use harness::stage::Stage;
use harness::wire::is_closed;
use harness::{address, seed};
use q5_sockets::client::Client as Connection;
use q5_sockets::framing::{self, Frame};
use zerocopy::little_endian::I32;

use crate::scene::{SOON, VICTIMS, process, start};

/// How often a client asks the dispatcher for one question.
const TRIES: usize = 3;

/// What a server that is none of ours was asked so far.
struct Fake {
    port: u16,
    asked: Arc<AtomicUsize>,
}

impl Fake {
    /// Takes requests until this test ends; None hangs up.
    fn start(answer: impl Fn(&Request) -> Option<Reply> + Send + 'static) -> Fake {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::<AtomicUsize>::default();
        let count = asked.clone();
        thread::spawn(move || {
            for connection in listener.incoming() {
                let (mut connection, mut bytes) = (connection.unwrap(), [0; REQUEST_SIZE]);
                while connection.read_exact(&mut bytes).is_ok() {
                    count.fetch_add(1, Ordering::SeqCst);
                    let Some(reply) = answer(&Request::from_received(&bytes)) else { break };
                    connection.write_all(reply.bytes()).unwrap();
                }
            }
        });
        Fake { port, asked }
    }

    /// A dispatcher that sends everybody to one port.
    fn dispatcher(to: u16) -> Fake {
        Fake::start(move |request| {
            let reply = Reply::new(request, Status::Redirect, 1);
            Some(Reply { show: I32::new(to.into()), ..reply })
        })
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

/// Runs the client program, which gives up by itself.
fn ask(dispatcher: &Fake, words: &[&str]) -> (Output, String) {
    let mut command = Command::new(Stage::Q6Watchdog.client());
    command.args(["--connect", &format!("127.0.0.1:{}", dispatcher.port), "--timeout", "10"]);
    let output = command.args(words).output().unwrap();
    let error = String::from_utf8(output.stderr.clone()).unwrap();
    (output, error)
}

#[test]
fn a_client_that_is_refused_asks_the_dispatcher_three_times_and_says_so() {
    let (port, _taken) = address::deaf();
    for words in [&["reserve", "1", "2"][..], &["view", "1"], &["list"]] {
        let dispatcher = Fake::dispatcher(port);
        let (output, error) = ask(&dispatcher, words);
        assert_eq!(dispatcher.asked(), TRIES, "{words:?}: {error}");
        assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(2), &b""[..]));
        assert!(error.contains("Connection refused"), "{words:?}: {error}");
        assert!(!error.contains("unknown"), "nothing was sent to a server: {error}");
        let says_nothing_reserved = error.contains("nothing was reserved");
        assert_eq!(says_nothing_reserved, words[0] == "reserve", "{words:?}: {error}");
    }
}

#[test]
fn a_reservation_of_which_a_byte_has_left_is_never_sent_again() {
    let secondary = Fake::start(|_| None);
    let dispatcher = Fake::dispatcher(secondary.port);
    let (output, error) = ask(&dispatcher, &["reserve", "1", "2"]);
    assert_eq!((dispatcher.asked(), secondary.asked()), (1, 1), "{error}");
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(2), &b""[..]));
    assert!(error.contains("the outcome is unknown"), "{error}");
    // A consultation changes nothing, and may be asked as often as a refused one.
    let (output, error) = ask(&dispatcher, &["view", "1"]);
    assert_eq!((dispatcher.asked(), secondary.asked()), (1 + TRIES, 1 + TRIES), "{error}");
    assert_eq!(output.status.code(), Some(2), "{error}");
}

/// All that the server says until it hangs up.
fn last_words(mut connection: &TcpStream) -> Vec<u8> {
    connection.set_read_timeout(Some(SOON)).unwrap();
    let (mut said, mut bytes) = (Vec::new(), [0; REPLY_MAX]);
    loop {
        match connection.read(&mut bytes) {
            Ok(0) => return said,
            Ok(len) => said.extend_from_slice(&bytes[..len]),
            Err(error) if is_closed(&error) => return said,
            Err(error) => panic!("it does not hang up: {error}"),
        }
    }
}

#[test]
fn garbage_to_the_dispatcher_costs_only_that_connection() {
    let server = start(&[]);
    let before = VICTIMS.map(|name| process(&server, name));
    let at = address::of(&server.dir());
    let mut honest = Connection::open(&at, SOON).unwrap();
    let mut noise = seed::rng();
    for len in [4, 31, 32, 33, 752, 4096, 100_000] {
        let mut connection = TcpStream::connect(&at).unwrap();
        let mut bytes = vec![0; len];
        noise.fill(&mut bytes);
        // It may hang up before it has heard all.
        match connection.write_all(&bytes) {
            Err(error) => assert!(is_closed(&error), "{error}"),
            Ok(()) => {
                let said = last_words(&connection);
                if let Frame::Whole(reply, _) = framing::reply(&said) {
                    assert_eq!(reply.status(), Some(Status::BadRequest), "{len} bytes");
                }
            }
        }
        for ask in [Ask::List, Ask::Reserve { show: 1, seats: 1 }] {
            let reply = honest.ask(ask).unwrap();
            assert_eq!(reply.status(), Some(Status::Redirect), "after {len} bytes");
        }
        assert!(honest.is_connected(), "{len} bytes");
    }
    // A part of a request, and silence: somebody else's matter as little.
    let mut half = TcpStream::connect(&at).unwrap();
    half.write_all(&b"SPC1"[..2]).unwrap();
    assert_eq!(honest.ask(Ask::List).unwrap().status(), Some(Status::Redirect));
    assert_eq!(server.client().reserve(1, 1), (Status::Ok, 199));
    assert_eq!(VICTIMS.map(|name| process(&server, name)), before);
    assert!(honest.is_connected());
}
