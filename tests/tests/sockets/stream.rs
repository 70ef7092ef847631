//! A stream has no messages: requests arrive in any pieces, and replies leave in order.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Stdio;

use common::booking::shows;
use common::client::ask::Ask;
use common::protocol::reply::{Reply, Status};
use common::protocol::request::Request;
use harness::checks::sockets::raw::SOON;
use harness::server::Server;
use harness::stage::Stage;
use harness::strace::{Strace, calls};
use q5_sockets::client::Client;

checks!(stream {
    a_request_is_found_wherever_it_is_cut,
    pipelined_requests_are_answered_in_order_and_see_those_before_them,
    what_is_no_request_is_told_so_and_ends_the_connection,
    a_wrong_request_is_refused_and_the_next_one_answered,
    a_client_that_sends_no_more_still_gets_its_answers,
    a_silent_peer_is_asked_whether_it_is_still_there,
});

const VIEW: Ask = Ask::View { show: 3 };

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
