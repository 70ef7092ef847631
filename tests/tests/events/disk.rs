//! While the disk works: others are served, replies keep their order, and none reaches a stranger.

use std::time::{Duration, Instant};

use common::client::ask::Ask;
use common::protocol::reply::Status;
use harness::checks::sockets::raw::{Next, Raw, SOON, request, start};
use harness::server::Server;
use harness::stage::Stage;
use harness::strace::Strace;
use nix::sys::socket::{setsockopt, sockopt};

const RESERVE: Ask = Ask::Reserve { show: 1, seats: 1 };
const VIEW: Ask = Ask::View { show: 1 };
/// How long a sync takes here.
const SYNC: Duration = Duration::from_millis(300);

/// A server whose disk is slow; None if this machine has no strace.
fn on_a_slow_disk(test: &str) -> Option<(Server, Strace)> {
    let server = start(Stage::Q9Events, &[]);
    let delay = format!("inject=fdatasync:delay_enter={}", SYNC.as_micros());
    let strace = Strace::attach(test, &[server.pid()], &["-e", "trace=fdatasync", "-e", &delay])?;
    Some((server, strace))
}

#[test]
fn who_only_looks_does_not_wait_for_the_disk() {
    let name = "who_only_looks_does_not_wait_for_the_disk";
    let Some((server, _strace)) = on_a_slow_disk(name) else { return };
    let (mut reserving, mut looking) = (Raw::open(&server), Raw::open(&server));
    let before = Instant::now();
    for nonce in 1..=4 {
        reserving.send(&request(nonce, RESERVE));
    }
    let mut views = 0;
    while reserving.next(Duration::from_millis(1)) == Next::Nothing {
        looking.send(&request(100 + views, VIEW));
        let reply = looking.reply("VIEW while the disk works");
        // What is not durable is not shown. The sync may end between the two.
        assert!([200, 199].contains(&reply.seats.get()), "{reply:?}");
        views += 1;
    }
    let took = before.elapsed();
    assert!(took >= SYNC && views >= 10, "{views} VIEWs in {took:?}");
}

#[test]
fn a_view_behind_a_reservation_waits_for_it_and_sees_it() {
    let name = "a_view_behind_a_reservation_waits_for_it_and_sees_it";
    let Some((server, _strace)) = on_a_slow_disk(name) else { return };
    let mut raw = Raw::open(&server);
    raw.send(&[request(1, RESERVE), request(2, VIEW), request(3, RESERVE)].concat());
    // This one is in the socket when the first is at the disk.
    raw.send(&request(4, Ask::List));
    for (nonce, seats) in [(1, 199), (2, 199), (3, 198)] {
        let reply = raw.reply("RESERVE, VIEW, RESERVE, LIST at once");
        assert_eq!((reply.nonce.get(), reply.seats.get()), (nonce, seats));
    }
    let list = raw.reply("RESERVE, VIEW, RESERVE, LIST at once");
    assert_eq!((list.nonce.get(), list.rows()[0].seats.get()), (4, 198));
}

#[test]
fn the_reply_to_a_connection_that_is_gone_reaches_no_other() {
    let name = "the_reply_to_a_connection_that_is_gone_reaches_no_other";
    let Some((server, _strace)) = on_a_slow_disk(name) else { return };
    for round in 0..3 {
        let mut gone: Vec<Raw> = (0..100).map(|_| Raw::open(&server)).collect();
        gone.iter_mut().for_each(|raw| raw.send(&request(7, RESERVE)));
        // A reset: the server sees the end at once, and the descriptors are free.
        for raw in gone {
            let reset = libc::linger { l_onoff: 1, l_linger: 0 };
            setsockopt(&raw.stream, sockopt::Linger, &reset).unwrap();
        }
        let mut fresh: Vec<Raw> = (0..100).map(|_| Raw::open(&server)).collect();
        for raw in &mut fresh {
            raw.send(&request(8, VIEW));
            raw.expect("VIEW on a fresh connection", Status::Ok, 8);
        }
        // Until the disk is through with those that are gone.
        let mut last = Raw::open(&server);
        last.send(&request(9, RESERVE));
        last.expect("RESERVE behind those that are gone", Status::Ok, 9);
        for raw in &mut fresh {
            let came = raw.next(Duration::from_millis(1));
            assert_eq!(came, Next::Nothing, "round {round}: a stranger's reply");
        }
    }
}

#[test]
fn a_stop_answers_what_is_at_the_disk_and_tells_all_others_at_once() {
    let name = "a_stop_answers_what_is_at_the_disk_and_tells_all_others_at_once";
    let Some((mut server, strace)) = on_a_slow_disk(name) else { return };
    let mut first = Raw::open(&server);
    first.send(&request(1, RESERVE));
    assert_eq!(first.next(SYNC / 3), Next::Nothing, "it is at the disk");
    let mut second = Raw::open(&server);
    second.send(&[request(1, RESERVE), request(2, VIEW)].concat());
    second.send(&request(3, VIEW)[..7]);
    let mut silent = Raw::open(&server);
    // Answered: so the two before it have been read.
    silent.send(&request(1, VIEW));
    silent.expect("VIEW", Status::Ok, 1);
    server.signal(nix::sys::signal::Signal::SIGTERM);
    for raw in [&mut second, &mut silent] {
        raw.expect("nothing more, at a stop", Status::Unavailable, 0);
    }
    first.expect("RESERVE that is at the disk, at a stop", Status::Ok, 1);
    first.expect("nothing more, at a stop", Status::Unavailable, 0);
    drop((first, second, silent));
    assert!(server.wait(SOON).success(), "{}", server.last_words());
    drop(strace);
    assert_eq!(server.table_on_disk().rows[0].seats, 199);
}
