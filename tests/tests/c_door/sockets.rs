//! The client in C over TCP, whose server here says what an honest one says seldom.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use common::protocol::record::ROWS;
use common::protocol::reply::{Reply, Status};
use common::protocol::request::{REQUEST_SIZE, Request};
use harness::c::Program;
use harness::{address, wait};
use zerocopy::IntoBytes;
use zerocopy::little_endian::{I32, U64};

use crate::client::run;

/// The next connection, and what is asked over it.
fn accept(listener: &TcpListener) -> (TcpStream, Request) {
    assert!(wait::until_readable(listener, Duration::from_secs(10)), "nobody connects");
    let (mut connection, _) = listener.accept().unwrap();
    let mut bytes = [0; REQUEST_SIZE];
    connection.read_exact(&mut bytes).unwrap();
    (connection, Request::from_received(&bytes))
}

/// Has the client in C ask for show 3 over TCP, and `serve` answer.
fn ask(name: &str, serve: fn(&TcpListener)) -> Option<(i32, String, String)> {
    let client = Program::compile(name, "client")?;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let server = thread::spawn(move || serve(&listener));
    let mut command = client.command();
    let answer = run(command.args(["sockets", "--connect", &address, "view", "3"]));
    server.join().unwrap();
    Some(answer)
}

#[test]
fn the_client_in_c_is_sent_on_and_finds_its_own_reply_in_the_stream() {
    let name = "the_client_in_c_is_sent_on_and_finds_its_own_reply_in_the_stream";
    let answer = ask(name, |listener| {
        let (mut dispatcher, request) = accept(listener);
        let port = I32::new(listener.local_addr().unwrap().port().into());
        let redirect = Reply { show: port, ..Reply::new(&request, Status::Redirect, 1) };
        dispatcher.write_all(redirect.bytes()).unwrap();
        let (mut secondary, again) = accept(listener);
        assert_eq!(again, request, "the same request goes to the other server");
        let reply = Reply { seats: I32::new(7), ..Reply::new(&request, Status::Ok, 1) };
        // Somebody else's, with rows, which have to be read over.
        let nonce = U64::new(request.nonce.get() ^ 1);
        let other = Reply { nonce, count: I32::new(ROWS as i32), seats: I32::new(8), ..reply };
        secondary.set_nodelay(true).unwrap();
        for part in [other.bytes(), reply.bytes()].concat().chunks(20) {
            secondary.write_all(part).unwrap();
        }
    });
    let Some(answer) = answer else { return };
    assert_eq!(answer, (0, "show 3: 7 seats left\n".into(), String::new()));
}

#[test]
fn the_client_in_c_asks_again_where_to_ask_when_it_is_refused() {
    const TRIES: usize = 3;
    let name = "the_client_in_c_asks_again_where_to_ask_when_it_is_refused";
    let answer = ask(name, |listener| {
        let (port, _taken) = address::deaf();
        for _ in 0..TRIES {
            let (mut dispatcher, request) = accept(listener);
            let redirect = Reply::new(&request, Status::Redirect, 1);
            let redirect = Reply { show: I32::new(port.into()), ..redirect };
            dispatcher.write_all(redirect.bytes()).unwrap();
        }
        let is_asked = wait::until_readable(listener, Duration::from_millis(300));
        assert!(!is_asked, "more than {TRIES} times");
    });
    let Some((code, out, error)) = answer else { return };
    assert_eq!((code, out.as_str()), (2, ""), "{error}");
    assert!(error.contains("cannot connect where the dispatcher sends us: Connection refused"));
}

#[test]
fn the_client_in_c_understands_what_is_said_to_a_whole_connection() {
    let name = "the_client_in_c_understands_what_is_said_to_a_whole_connection";
    let answer = ask(name, |listener| {
        let (mut connection, request) = accept(listener);
        let busy = Reply { nonce: U64::ZERO, ..Reply::new(&request, Status::Busy, 1) };
        connection.write_all(busy.bytes()).unwrap();
    });
    let Some(answer) = answer else { return };
    assert_eq!(answer, (2, "the server is busy, nothing was done\n".into(), String::new()));
}

#[test]
fn the_client_in_c_ends_with_a_connection_or_a_stream_that_is_no_reply() {
    let name = "the_client_in_c_ends_with_a_connection_or_a_stream_that_is_no_reply";
    let cut: fn(&TcpListener) = |listener| {
        let (mut connection, request) = accept(listener);
        connection.write_all(&Reply::new(&request, Status::Ok, 1).bytes()[..31]).unwrap();
    };
    let endless: fn(&TcpListener) = |listener| {
        let (mut connection, request) = accept(listener);
        let count = I32::new(ROWS as i32 + 1);
        let reply = Reply { count, ..Reply::new(&request, Status::Ok, 1) };
        connection.write_all(reply.as_bytes()).unwrap();
    };
    for (serve, expected) in
        [(cut, "cannot receive the reply: Connection reset"), (endless, "cannot understand")]
    {
        let Some((code, out, error)) = ask(name, serve) else { return };
        assert_eq!((code, out.as_str()), (2, ""), "{expected}");
        assert!(error.contains(expected), "{error}");
    }
}
