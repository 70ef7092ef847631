//! Somebody takes away the queues of a server that runs, or the directory of one that was killed.

use std::fs;

use common::client::ask::Ask;
use common::protocol::request::Request;
use harness::server::Server;
use harness::stage::{Stage, is_ours};
use harness::sys;
use harness::wait;
use nix::unistd::gettid;
use q2_msgqueue::channel::Channel;
use q2_msgqueue::queue::Wait;
use rstest_reuse::apply;
use zerocopy::IntoBytes;

use crate::{SOON, every_queue_stage};

#[apply(every_queue_stage)]
fn a_queue_that_somebody_removes_ends_the_server_with_an_error(stage: Stage) {
    if !is_ours("a_queue_that_somebody_removes_ends_the_server_with_an_error") {
        return;
    }
    for which in [0, 1] {
        let mut server = Server::start(stage);
        let group = server.pid();
        let mut channel = Channel::open(&server.dir()).unwrap();
        let queue = if which == 0 { &mut channel.requests } else { &mut channel.replies };
        queue.remove().unwrap();
        let said =
            format!("somebody has removed message queue {:#010x} id {}", queue.key(), queue.id());
        assert_eq!(server.wait(SOON).code(), Some(2), "{}", server.last_words());
        assert!(server.log().contains(&said), "{}", server.last_words());
        server.assert_nothing_left(group);
    }
}

#[apply(every_queue_stage)]
fn a_directory_that_was_removed_after_a_kill_is_served_again(stage: Stage) {
    if !is_ours("a_directory_that_was_removed_after_a_kill_is_served_again") {
        return;
    }
    // The key file stays, as a new one often gets the old one's inode, and so the same keys.
    let forget = |server: &Server| {
        for name in ["lock", "spectacles.dat"] {
            fs::remove_file(server.dir().join(name)).unwrap();
        }
    };
    // Nobody has asked it anything.
    let mut server = Server::start(stage);
    server.crash();
    forget(&server);
    server.launch();
    // All that clients leave is by processes that are dead.
    assert!(server.client_program(&["reserve", "1", "1"]).status().unwrap().success());
    // An answer that nobody has read.
    let channel = Channel::open(&server.dir()).unwrap();
    let request = Request::new(gettid().as_raw(), 1, Ask::List);
    channel.requests.send(1, request.as_bytes(), Wait::Yes).unwrap();
    let is_answered = || channel.replies.load().unwrap().messages == 1;
    wait::until_true("an unread answer", SOON, is_answered);
    server.crash();
    forget(&server);
    // This process is alive, and was the last that sent.
    let error = String::from_utf8_lossy(&server.rival().stderr).into_owned();
    let by_hand = format!("ipcrm -q {} if nobody needs it", channel.requests.id());
    assert!(error.contains(&by_hand), "{error}");
    let mut last = server.client_program(&["--timeout", "0.1", "list"]);
    fs::write(server.dir().join("lock"), "").unwrap();
    last.output().unwrap();
    fs::remove_file(server.dir().join("lock")).unwrap();
    assert_eq!(channel.requests.load().unwrap().messages, 1, "the client that died has asked");
    server.launch();
    assert!(
        server.log().contains("of a dead server without a directory"),
        "{}",
        server.last_words()
    );
    assert_eq!(server.client().view(1), 200);
    server.stop();
}

#[apply(every_queue_stage)]
fn a_message_that_is_longer_than_any_reply_ends_no_server(stage: Stage) {
    if !is_ours("a_message_that_is_longer_than_any_reply_ends_no_server") {
        return;
    }
    let mut server = Server::start(stage);
    let channel = Channel::open(&server.dir()).unwrap();
    let is_empty = || channel.replies.load().unwrap().messages == 0;
    for size in [754, 8192] {
        // Nobody has this PID: it is above every limit.
        sys::msgsnd(channel.replies.id(), 99_999_999, &vec![b'x'; size]).unwrap();
        wait::until_true("a message of nobody is taken out", SOON, is_empty);
    }
    // Somebody alive, who never reads it.
    sys::msgsnd(channel.replies.id(), std::process::id().into(), &[b'x'; 8192]).unwrap();
    assert!(server.client_program(&["reserve", "1", "1"]).status().unwrap().success());
    server.stop();
    server.assert_nothing_left(i32::MAX);
}
