//! What only the stages with System V queues can get wrong.

use std::fs;
use std::time::Duration;

use common::client::ask::Ask;
use common::protocol::reply::{Reply, Status};
use common::protocol::request::Request;
use harness::attack::Attack;
use harness::attack::attacker::{Attacker, NeverReads};
use harness::leftovers::ipc_objects;
use harness::machine::capability::{Capability, has};
use harness::server::Server;
use harness::stage::{Stage, is_ours, skip};
use harness::strace::{Strace, calls};
use harness::wait;
use nix::unistd::gettid;
use q2_msgqueue::channel::Channel;
use q2_msgqueue::queue::{Queue, Wait, Which};
use rstest_reuse::{apply, template};
use zerocopy::IntoBytes;

use crate::parked::Parked;

mod parked;
mod taken_away;

/// Far more than an answer takes.
const SOON: Duration = Duration::from_secs(5);

/// The stages with queues.
#[template]
#[rstest::rstest]
#[case::q2_msgqueue(Stage::Q2Msgqueue)]
#[case::q3_threads(Stage::Q3Threads)]
#[case::q4_thread_per_request(Stage::Q4ThreadPerRequest)]
fn every_queue_stage(#[case] stage: Stage) {}

#[apply(every_queue_stage)]
fn messages_of_unknown_types_are_refused_and_do_not_close_the_queue(stage: Stage) {
    let server = Server::start(stage);
    let channel = Channel::open(&server.dir()).unwrap();
    let me = i64::from(gettid().as_raw());
    let request = Request::new(me as i32, 9, Ask::List);
    for mtype in (3..700).chain([i64::from(i32::MAX), i64::MAX]) {
        let sent = || channel.requests.send(mtype, request.as_bytes(), Wait::No).is_ok();
        wait::until_true("room in the request queue", SOON, sent);
        let receive = || channel.replies.receive(Which::Only(me), Wait::No).unwrap();
        let received = wait::until(SOON, receive).expect("a reply");
        let reply = Reply::from_received(received.bytes()).unwrap();
        assert_eq!((reply.status(), reply.nonce.get()), (Some(Status::BadRequest), 9), "{mtype}");
    }
    assert_eq!(channel.requests.load().unwrap().messages, 0);
}

#[apply(every_queue_stage)]
fn the_reply_queue_is_empty_within_a_second_of_its_clients_deaths(stage: Stage) {
    if !is_ours("the_reply_queue_is_empty_within_a_second_of_its_clients_deaths") {
        return;
    }
    let server = Server::start(stage);
    let channel = Channel::open(&server.dir()).unwrap();
    (0..15).for_each(|_| drop(NeverReads::start(&server, 1)));
    let is_empty = || channel.replies.load().unwrap().messages == 0;
    wait::until_true("an empty reply queue", Duration::from_secs(2), is_empty);
}

#[apply(every_queue_stage)]
fn while_somebody_floods_and_does_not_read_few_requests_can_wait(stage: Stage) {
    if !is_ours("while_somebody_floods_and_does_not_read_few_requests_can_wait") {
        return;
    }
    let server = Server::start(stage);
    let channel = Channel::open(&server.dir()).unwrap();
    let room = || channel.requests.load().unwrap().capacity;
    let (all, flood) = (room(), Attacker::start(&server, Attack::Flood, 10_000_000, 1));
    wait::until_true("room for 64", SOON, || room() == 64 * size_of::<Request>() as u64);
    drop(flood);
    wait::until_true("room for all again", SOON, || room() == all);
}

#[apply(every_queue_stage)]
fn a_live_client_may_read_late_while_there_is_room(stage: Stage) {
    let server = Server::start(stage);
    let channel = Channel::open(&server.dir()).unwrap();
    let me = i64::from(gettid().as_raw());
    for nonce in 1..=3 {
        let request = Request::new(me as i32, nonce, Ask::View { show: 1 });
        channel.requests.send(1, request.as_bytes(), Wait::Yes).unwrap();
    }
    // The parent looks every 250 ms; these replies are older than that, and stay.
    let all = || channel.replies.load().unwrap().messages == 3;
    wait::until_true("three replies", Duration::from_secs(5), all);
    let gone = || (!all()).then_some(());
    assert_eq!(wait::until(Duration::from_millis(1500), gone), None);
}

#[apply(every_queue_stage)]
fn requests_are_taken_while_the_reply_queue_is_full_of_live_clients_replies(stage: Stage) {
    let server = Server::start(stage);
    let channel = Channel::open(&server.dir()).unwrap();
    let clients = Parked::start(40);
    for client in clients.ids() {
        let request = Request::new(client, 1, Ask::List);
        channel.requests.send(1, request.as_bytes(), Wait::Yes).unwrap();
    }
    // 21 of the 40 replies fit. A worker that waited for room would leave the other requests for
    // the second that must pass before live clients' replies may go.
    let all_taken = || channel.requests.load().unwrap().messages == 0;
    wait::until_true("all requests are taken", Duration::from_millis(500), all_taken);
    let is_full = || channel.replies.load().unwrap().messages >= 20;
    wait::until_true("a full reply queue", SOON, is_full);
    clients.end();
}

#[apply(every_queue_stage)]
fn a_queue_of_another_program_is_named_and_left_alone(stage: Stage) {
    if !is_ours("a_queue_of_another_program_is_named_and_left_alone") {
        return;
    }
    let mut server = Server::start(stage);
    let objects = ipc_objects(&server.dir());
    let key: i32 = objects[0].split_whitespace().nth(1).unwrap().parse().unwrap();
    server.stop();
    // What the stopped server had is free; now somebody else takes it.
    let foreign = Queue::create(key).unwrap();
    foreign.send(1, b"somebody else's", Wait::No).unwrap();
    let output = server.rival();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2));
    let expected =
        format!("key {key:#010x} belongs to another program (queue {}, last PID", foreign.id());
    assert!(error.contains(&expected), "{error}");
    assert_eq!(foreign.load().unwrap().messages, 1);
    // Neither does a client take it for its server's.
    let error = Channel::open(&server.dir()).unwrap_err().to_string();
    assert!(error.contains("is dead"), "{error}");
    drop(foreign);
    server.launch();
}

#[apply(every_queue_stage)]
fn a_start_after_a_kill_removes_what_was_recorded_even_if_the_key_has_changed(stage: Stage) {
    if !is_ours("a_start_after_a_kill_removes_what_was_recorded_even_if_the_key_has_changed") {
        return;
    }
    let mut server = Server::start(stage);
    server.crash();
    assert_eq!(ipc_objects(&server.dir()).len(), 2);
    let error = Channel::open(&server.dir()).unwrap_err().to_string();
    assert!(error.contains("is dead") && error.contains("is the server running?"), "{error}");
    // A new key file has another inode, as long as the old one is still there.
    fs::rename(server.dir().join("queue.key"), server.base().join("old.key")).unwrap();
    server.launch();
    assert_eq!(ipc_objects(&server.dir()).len(), 2);
}

#[apply(every_queue_stage)]
fn limits_that_are_too_small_are_named(stage: Stage) {
    let name = "limits_that_are_too_small_are_named";
    if !is_ours(name) {
        return;
    }
    if !has(&[Capability::SysAdmin]) {
        return skip(name, "CAP_SYS_ADMIN, to set the limits of an IPC namespace");
    }
    let server = Server::prepare(stage, &[]);
    for limit in ["msgmax", "msgmnb"] {
        // The limit belongs to this thread's IPC namespace, which nobody else is in.
        let path = format!("/proc/sys/kernel/{limit}");
        let before = fs::read_to_string(&path).unwrap();
        fs::write(&path, "700").unwrap();
        let output = server.rival();
        fs::write(&path, before).unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2));
        assert!(error.contains(&format!("kernel.{limit} is 700, a reply needs 752")), "{error}");
    }
}

#[apply(every_queue_stage)]
fn a_steady_view_costs_the_server_two_system_calls(stage: Stage) {
    let name = "a_steady_view_costs_the_server_two_system_calls";
    let server = Server::start(stage);
    // A thread per request has another price, and a test of its own.
    let consult = server.threads().into_iter().find(|thread| thread.name.contains("consult"));
    let Some(consult) = consult else { return };
    let mut client = server.client();
    client.view(1);
    let Some(strace) = Strace::attach(name, &[consult.tid], &["-c"]) else { return };
    (0..1000).for_each(|_| assert_eq!(client.view(1), 200));
    let table = strace.finish();
    let (received, sent, all) =
        (calls(&table, "msgrcv"), calls(&table, "msgsnd"), calls(&table, "total"));
    // The calls that strace interrupts when it comes or goes are counted too, or not any more.
    let (off, others) = (received.abs_diff(1000), all - received - sent);
    assert!(off < 10 && (999..=1000).contains(&sent) && others < 10, "{table}");
}

#[apply(every_queue_stage)]
fn a_client_ignores_what_was_sent_to_an_earlier_process_with_its_pid(stage: Stage) {
    let server = Server::start(stage);
    let channel = Channel::open(&server.dir()).unwrap();
    let me = i64::from(gettid().as_raw());
    let stale = Reply::new(&Request::new(me as i32, 77, Ask::View { show: 2 }), Status::Ok, 1);
    channel.replies.send(me, stale.bytes(), Wait::Yes).unwrap();
    let mut client = server.client();
    let left = channel.replies.load().unwrap().messages;
    assert_eq!(left, 0, "a client clears its type when it opens");
    channel.replies.send(me, stale.bytes(), Wait::Yes).unwrap();
    channel.replies.send(me, b"garbage", Wait::Yes).unwrap();
    channel.replies.send(me, &[0; 752], Wait::Yes).unwrap();
    assert_eq!(client.view(3), 120);
}
