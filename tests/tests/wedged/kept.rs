//! Replies that had to leave a full queue: nobody's is lost, whether its client waits for it or looks
//! now and then.

use std::thread::park_timeout;
use std::time::{Duration, Instant};

use common::client::ask::Ask;
use common::protocol::reply::Reply;
use common::protocol::request::Request;
use harness::attack::attacker::NeverReads;
use harness::server::Server;
use harness::stage::{ALL, Mechanism, Stage, is_ours};
use harness::wait;
use nix::unistd::gettid;
use q1_pipes::armour::ticks::Ticks;
use q2_msgqueue::channel::Channel;
use q2_msgqueue::queue::{Queue, Wait, Which};
use zerocopy::IntoBytes;

use crate::alone;

/// Far more than a reply takes that waits for its turn.
const SOON: Duration = Duration::from_secs(5);

/// The next reply to this thread, which waits for it in msgrcv.
fn wait_for(replies: &Queue) -> Option<Reply> {
    let _ticks = Ticks::start().unwrap();
    let (me, deadline) = (gettid().as_raw().into(), Instant::now() + SOON);
    while Instant::now() < deadline {
        if let Ok(Some(received)) = replies.receive(Which::Only(me), Wait::Yes) {
            return Reply::from_received(received.bytes());
        }
    }
    None
}

/// The same, for one who looks again and again.
fn look_for(replies: &Queue) -> Option<Reply> {
    let me = gettid().as_raw().into();
    let received = wait::until(SOON, || replies.receive(Which::Only(me), Wait::No).unwrap());
    received.and_then(|received| Reply::from_received(received.bytes()))
}

/// The same, for one who looks now and then.
fn look_rarely_for(replies: &Queue) -> Option<Reply> {
    let deadline = Instant::now() + SOON;
    while Instant::now() < deadline {
        let me = gettid().as_raw().into();
        if let Some(received) = replies.receive(Which::Only(me), Wait::No).unwrap() {
            return Reply::from_received(received.bytes());
        }
        park_timeout(Duration::from_millis(100));
    }
    None
}

#[test]
fn a_reply_that_made_room_for_others_still_reaches_its_client() {
    if !is_ours("a_reply_that_made_room_for_others_still_reaches_its_client") {
        return;
    }
    let _turn = alone();
    for stage in ALL.into_iter().filter(|stage| stage.mechanism() == Mechanism::Queues) {
        for receive in [wait_for, look_for, look_rarely_for] {
            // Their unread answers have room for 21 only.
            reach_beside(stage, (30, 1), receive);
            reach_beside(stage, (1, 200), receive);
        }
    }
}

/// Three replies reach their client beside so many others that do not read, with so many questions
/// each.
fn reach_beside(stage: Stage, silent: (u64, u64), receive: fn(&Queue) -> Option<Reply>) {
    let server = Server::start(stage);
    let channel = Channel::open(&server.dir()).unwrap();
    let me = gettid().as_raw();
    let asked: Vec<u64> = (1..=3).collect();
    for &nonce in &asked {
        let request = Request::new(me, nonce, Ask::View { show: 2 });
        channel.requests.send(1, request.as_bytes(), Wait::Yes).unwrap();
    }
    let all = || channel.replies.load().unwrap().messages == 3;
    wait::until_true("three replies", SOON, all);
    // Ours are the oldest, and go first.
    let others: Vec<NeverReads> =
        (0..silent.0).map(|_| NeverReads::start(&server, silent.1)).collect();
    let told = asked.iter().map(|_| receive(&channel.replies).expect("a reply").nonce.get());
    let mut told: Vec<u64> = told.collect();
    told.sort_unstable();
    assert_eq!(told, asked, "{}, {silent:?}", stage.package());
    drop(others);
    let is_empty = || channel.replies.load().unwrap().messages == 0;
    wait::until_true("an empty reply queue", SOON, is_empty);
}
