//! A stream has no messages: requests arrive in any pieces, and replies leave in order.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener};
use std::process::{Command, Stdio};
use std::time::Duration;

use common::ask::Ask;
use common::reply::{Reply, Status};
use common::request::Request;
use common::shows;
use harness::address;
use harness::server::Server;
use harness::stage::Stage;
use harness::strace::Strace;
use harness::wait;
use q5_sockets::client::Client;

use crate::raw::{Next, Raw, SOON, request, start};

const VIEW: Ask = Ask::View { show: 3 };

#[test]
fn a_request_is_found_wherever_it_is_cut() {
    let server = start(&[]);
    let mut raw = Raw::open(&server);
    for cut in 0..=32 {
        let bytes = [request(1, VIEW), request(2, VIEW)].concat();
        // Two requests in three pieces, with a wait between them for the answer to the first.
        raw.send(&bytes[..cut]);
        raw.send(&bytes[cut..32 + cut]);
        assert_eq!(raw.told(), (Some(Status::Ok), 1), "cut at {cut}");
        raw.send(&bytes[32 + cut..]);
        assert_eq!(raw.told(), (Some(Status::Ok), 2), "cut at {cut}");
    }
    for byte in request(3, Ask::Reserve { show: 3, seats: 1 }) {
        raw.send(&[byte]);
    }
    assert_eq!(raw.told(), (Some(Status::Ok), 3));
}

#[test]
fn pipelined_requests_are_answered_in_order_and_see_those_before_them() {
    let server = start(&["--durability", "process"]);
    let mut raw = Raw::open(&server);
    let ask = |n: u64| match n % 4 {
        0 | 1 => Ask::Reserve { show: 1, seats: 1 },
        2 => Ask::View { show: 1 },
        _ => Ask::List,
    };
    let bytes: Vec<u8> = (1..=300).flat_map(|n| request(n, ask(n))).collect();
    raw.send(&bytes);
    let mut left = 200;
    for n in 1..=300 {
        let Next::Reply(reply) = raw.next(SOON) else { panic!("no reply to request {n}") };
        assert_eq!((reply.nonce.get(), reply.status()), (n, Some(Status::Ok)));
        match ask(n) {
            Ask::Reserve { .. } => left -= 1,
            Ask::View { .. } => assert_eq!(reply.seats, left),
            Ask::List => assert_eq!(reply.rows()[0].seats, left),
        }
    }
}

#[test]
fn what_is_no_request_is_told_so_and_ends_the_connection() {
    let server = start(&[]);
    for garbage in [&b"GET / HTTP/1.1\r\n\r\n"[..], b"x", &[0; 5000], b"SPC2"] {
        let mut raw = Raw::open(&server);
        raw.send(&request(9, VIEW));
        raw.send(garbage);
        assert_eq!(raw.told(), (Some(Status::Ok), 9));
        assert_eq!(raw.told().0, Some(Status::BadRequest), "{garbage:?}");
        assert_eq!(raw.next(SOON), Next::Closed, "{garbage:?}");
    }
}

#[test]
fn a_wrong_request_is_refused_and_the_next_one_answered() {
    let server = start(&[]);
    let mut raw = Raw::open(&server);
    for (at, wrong) in [(16, 4), (16, -1), (28, 1), (4, 0), (4, -7)] {
        let mut bytes = request(5, Ask::Reserve { show: 3, seats: 1 });
        bytes[at..at + 4].copy_from_slice(&i32::to_le_bytes(wrong));
        raw.send(&bytes);
        assert_eq!(raw.told(), (Some(Status::BadRequest), 5), "{wrong} at {at}");
    }
    raw.send(&request(6, VIEW));
    let Next::Reply(reply) = raw.next(SOON) else { panic!("no reply") };
    assert_eq!((reply.nonce.get(), reply.seats.get()), (6, 120));
}

#[test]
fn a_client_that_sends_no_more_still_gets_its_answers() {
    let server = start(&[]);
    let mut raw = Raw::open(&server);
    let half = &request(3, VIEW)[..20];
    raw.send(&[request(1, VIEW), request(2, Ask::Reserve { show: 3, seats: 1 })].concat());
    raw.send(half);
    raw.stream.shutdown(Shutdown::Write).unwrap();
    assert_eq!([raw.told(), raw.told()], [(Some(Status::Ok), 1), (Some(Status::Ok), 2)]);
    assert_eq!(raw.next(SOON), Next::Closed);
}

#[test]
fn a_client_ignores_replies_to_others_and_believes_one_for_the_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let mut client = Client::open(&address, SOON).unwrap();
    let (stream, _) = listener.accept().unwrap();
    let answers = std::thread::spawn(move || {
        let mut bytes = [0; 32];
        (&stream).read_exact(&mut bytes).unwrap();
        let asked = Request::from_received(&bytes);
        let right = shows::sample().reply(&asked, 42);
        let stale = Reply { nonce: 77.into(), ..right };
        let list = shows::sample().reply(&Request::new(7, 78, Ask::List), 42);
        (&stream).write_all(&[stale.bytes(), list.bytes(), right.bytes()].concat()).unwrap();
        (&stream).read_exact(&mut bytes).unwrap();
        let busy = Reply::new(&asked, Status::Busy, 42);
        (&stream).write_all(Reply { nonce: 0.into(), ..busy }.bytes()).unwrap();
    });
    assert_eq!(client.ask(VIEW).unwrap().seats, 120);
    assert_eq!(client.ask(VIEW).unwrap().status(), Some(Status::Busy));
    answers.join().unwrap();
}

/// The calls of a table that strace has made, and all of them.
fn calls(table: &str, name: &str) -> u32 {
    let line = table.lines().find(|line| line.split_whitespace().last() == Some(name));
    line.map_or(0, |line| line.split_whitespace().nth(3).unwrap().parse().unwrap())
}

#[test]
fn a_steady_view_costs_four_system_calls_on_both_sides_together() {
    let name = "a_steady_view_costs_four_system_calls_on_both_sides_together";
    let server = Server::start(Stage::Q5Sockets);
    let mut client = server.client();
    client.view(1);
    let Some(strace) = Strace::attach(name, &[server.pid()], &["-c"]) else { return };
    (0..1000).for_each(|_| assert_eq!(client.view(1), 200));
    let table = strace.finish();
    let [received, sent, all] = ["recvfrom", "sendto", "total"].map(|name| calls(&table, name));
    // The calls that strace interrupts when it comes or goes are counted too.
    let others = all - received - sent;
    assert!(received.abs_diff(1000) < 10 && sent == 1000 && others < 10, "{table}");

    let mut program = server.client_program(&[]);
    let mut child = program.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let trace = ["-c", "-e", "trace=%network"];
    let strace = Strace::attach(name, &[child.id() as i32], &trace);
    let typed = "1\n3\n".repeat(100) + "0\n";
    child.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
    let Some(strace) = strace else { return };
    let table = strace.finish();
    let [received, sent, all] = ["recvfrom", "sendto", "total"].map(|name| calls(&table, name));
    assert!((received, sent) == (200, 200) && all - received - sent < 10, "{table}");
}

#[test]
fn a_silent_peer_is_asked_whether_it_is_still_there() {
    let server = start(&[]);
    let mut raw = Raw::open(&server);
    raw.send(&request(1, VIEW));
    raw.told();
    let port = address::of(&server.dir()).rsplit_once(':').unwrap().1.to_owned();
    let has_timer = || {
        let filter = format!("sport = :{port}");
        let ss = Command::new("ss").args(["-Htno", &filter]).output();
        let text = String::from_utf8(ss.expect("iproute2 is installed").stdout).unwrap();
        text.contains("timer:(keepalive")
    };
    wait::until_true("a keepalive timer", Duration::from_secs(5), has_timer);
}
