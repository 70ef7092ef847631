//! Stops: what was received is answered, whoever does not read is cut off, and the port is free at
//! once.

use std::io::Write;
use std::time::{Duration, Instant};

use common::client::ask::Ask;
use common::protocol::reply::{Reply, Status};
use nix::sys::signal::Signal;

use super::raw::{Next, Raw, SOON, request, start};
use crate::address;
use crate::checks::asked::{ends_in_time, strace, view};
use crate::checks::check::{Check, Verdict};
use crate::client::Client;
use crate::evidence::{fail, holds, same};
use crate::server::Server;
use crate::target::Target;
use crate::wait;

/// The checks of this file.
pub const CHECKS: &[Check] = &[
    check!(
        P8,
        every_acknowledgement_of_a_stopping_server_arrives,
        "Does everything that a stopping server acknowledges reach its client?"
    ),
    check!(
        P6,
        after_a_failed_sync_everyone_who_waits_in_line_is_told,
        "Are all clients that wait told UNAVAILABLE when a sync fails?",
        "strace makes calls fail that another server need not make"
    ),
    check!(
        P8,
        a_stop_waits_for_nobody_who_does_not_read_or_finish,
        "Does a stop end soon beside clients that do not read, finish or ask?"
    ),
    check!(
        P8,
        a_server_starts_again_on_its_port_at_once,
        "Is the port free again after a stop and after SIGKILL?"
    ),
    check!(
        P9,
        a_port_in_use_is_named_and_several_addresses_are_served,
        "Does the server serve two addresses, and name one that is taken?",
        "another server may listen on one address only"
    ),
];

/// A close may not destroy what is on its way.
pub fn every_acknowledgement_of_a_stopping_server_arrives(target: &Target) -> Verdict {
    for round in 1..=15 {
        let mut server = start(target, &[]);
        let mut raw = Raw::open(&server);
        let count = 150;
        let asked = |n| request(n, Ask::Reserve { show: 1, seats: 1 });
        raw.send(&(1..=count).flat_map(asked).collect::<Vec<u8>>());
        let sent = format!("150 RESERVEs, SIGTERM after {round} replies, and 49 more");
        for n in 1..=round {
            raw.expect(&sent, Status::Ok, n);
        }
        let before = Instant::now();
        server.signal(Signal::SIGTERM);
        // More is on its way: a careless close would answer it with a reset.
        for n in count + 1..count + 50 {
            if raw.stream.write_all(&asked(n)).is_err() {
                break;
            }
        }
        let mut acknowledged = round as i32;
        let last: Reply = loop {
            match raw.next(wait::at_most(SOON)) {
                Next::Reply(reply) if reply.status() == Some(Status::Ok) => acknowledged += 1,
                Next::Reply(reply) => break *reply,
                other => fail(sent, "UNAVAILABLE as the last word", format!("{other:?}")),
            }
        };
        let came = (last.status(), last.nonce.get());
        let expected = (Some(Status::Unavailable), 0);
        same(format!("{sent}: status, nonce of the last word"), expected, came);
        // Connections are cut after half a second, which a loaded machine may take.
        let is_taken = raw.is_taken() || before.elapsed() > Duration::from_millis(400);
        holds(is_taken, &sent, "a connection that takes more for 0.4 s", "a reset");
        drop(raw);
        let status = server.wait(SOON);
        holds(status.success(), &sent, "exit status 0", server.last_words());
        if server.keeps_its_table() {
            let sold = 200 - server.table_on_disk().rows[0].seats.get();
            same(format!("{sent}: acknowledged, sold"), sold, acknowledged);
        }
    }
    Ok(())
}

/// A failed sync concerns everybody who waits for one.
pub fn after_a_failed_sync_everyone_who_waits_in_line_is_told(target: &Target) -> Verdict {
    let mut server = start(target, &[]);
    let fault = ["-e", "trace=fdatasync", "-e", "inject=fdatasync:error=EIO:delay_enter=300000"];
    let strace = strace(&[server.pid()], &fault)?;
    let mut waiting: Vec<Raw> = (0..10).map(|_| Raw::open(&server)).collect();
    for raw in &mut waiting {
        raw.send(&request(1, Ask::Reserve { show: 1, seats: 1 }).repeat(20));
    }
    let sent = "20 RESERVEs on each of 10 connections, and a sync that fails";
    let before = Instant::now();
    for raw in &mut waiting {
        raw.expect(sent, Status::Unavailable, 1);
    }
    same(format!("{sent}: exit status"), Some(2), server.wait(SOON).code());
    let in_time = !server.log().contains("did not end in time");
    holds(in_time, sent, "no thread that did not end in time", server.last_words());
    let took = before.elapsed();
    ends_in_time(sent, took, Duration::from_secs(2));
    drop(strace);
    server.launch();
    Ok(())
}

/// Clients that do nothing keep no server from ending.
pub fn a_stop_waits_for_nobody_who_does_not_read_or_finish(target: &Target) -> Verdict {
    let mut server = start(target, &[]);
    let mut unread = Raw::open(&server);
    let limit = Some(Duration::from_millis(300));
    unread.stream.set_write_timeout(limit).expect("a limit is not 0");
    while unread.stream.write_all(&request(1, Ask::List).repeat(64)).is_ok() {}
    let mut unfinished = Raw::open(&server);
    unfinished.send(&request(2, Ask::List)[..20]);
    let idle = Raw::open(&server);
    let before = Instant::now();
    let group = server.pid();
    server.signal(Signal::SIGTERM);
    let status = server.wait(SOON);
    let sent = "SIGTERM beside connections that do not read, do not finish, do not ask";
    holds(status.success(), sent, "exit status 0", server.last_words());
    let took = before.elapsed();
    ends_in_time(sent, took, Duration::from_millis(1500));
    server.assert_nothing_left(group);
    drop(idle);
    Ok(())
}

/// The kernel's memory of closed connections keeps no port.
pub fn a_server_starts_again_on_its_port_at_once(target: &Target) -> Verdict {
    let mut server = start(target, &[]);
    let before = address::of(&server.dir());
    for _ in 0..10 {
        // Connections that the server closes first are remembered by the kernel for a minute.
        view(&mut server.client(), 1, 200);
        let mut idle = Raw::open(&server);
        idle.send(&request(1, Ask::List));
        idle.expect("LIST", Status::Ok, 1);
        server.crash();
        server.launch();
        same("SIGKILL and a start: the address", &before, &address::of(&server.dir()));
        idle.expect_close("SIGKILL to the server of a connection");
        server.stop();
        server.launch();
    }
    Ok(())
}

/// The first address is in the ready line, each is served, and one that is taken is named.
pub fn a_port_in_use_is_named_and_several_addresses_are_served(target: &Target) -> Verdict {
    let server = start(target, &["--listen", "127.0.0.1:0", "--listen", "[::1]:0"]);
    let log = server.log();
    let bound: Vec<&str> =
        log.lines().filter_map(|line| line.split_once("listening on ")).map(|it| it.1).collect();
    let sent = "a start with two addresses";
    holds(bound.len() == 2, sent, "a line of the log for each", &log);
    let ready = address::of(&server.dir());
    same("a start with two addresses: that of the ready line", ready.as_str(), bound[0]);
    for address in &bound {
        let client = q5_sockets::client::Client::open(address, SOON);
        let mut client = Client::Sockets(client.expect("it listens there"));
        view(&mut client, 1, 200);
    }
    let rival = Server::prepare(target, &["--listen", "127.0.0.1:0", "--listen", bound[0]]);
    let output = rival.rival();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    let expected = format!("server: cannot listen on {}: Address already in use", bound[0]);
    let is_named = error.contains(&expected) && output.status.code() == Some(2);
    holds(is_named, "a start on an address that is taken", expected, error);
    let is_silent = !log.contains("other machines can connect");
    holds(is_silent, sent, "no word of other machines", log);
    wait::until_true("nothing is left", SOON, || rival.log().is_empty());
    Ok(())
}
