//! Who dies, is stopped or hangs is followed by another, on the same port; who does so again and
//! again ends all.

use std::thread;
use std::time::{Duration, Instant};

use common::client::ask::Ask;
use common::protocol::reply::{Reply, Status};
use harness::client::Client;
use harness::ptrace::hang::Hang;
use harness::wait;
use nix::sys::signal::Signal;

use crate::scene::{SOON, VICTIMS, ask_dispatcher, find, port, process, send};
use crate::scene::{start, successor};

/// A reservation that sells nothing.
const NOTHING: Ask = Ask::Reserve { show: 1, seats: 0 };

/// What a client is told that asks again as long as the server is BUSY: on a loaded machine a restart
/// may take longer than the dispatcher waits.
fn served(client: &mut Client, ask: Ask) -> Reply {
    let reply = || {
        let reply = *client.ask(ask).unwrap();
        (reply.status() != Some(Status::Busy)).then_some(reply)
    };
    wait::until(SOON, reply).expect("it is busy for ever")
}

#[test]
fn who_is_killed_or_stopped_is_followed_by_another_on_the_same_port() {
    for signal in [Signal::SIGKILL, Signal::SIGSTOP] {
        let mut server = start(&[]);
        let ports = [port(&server, Ask::List), port(&server, NOTHING)];
        let mut sold = 0;
        for name in VICTIMS {
            let old = process(&server, name);
            send(old, signal);
            let mut client = server.client();
            sold += 1;
            for ask in [Ask::Reserve { show: 1, seats: 1 }, Ask::View { show: 1 }] {
                let reply = served(&mut client, ask);
                assert_eq!((reply.status(), reply.seats.get()), (Some(Status::Ok), 200 - sold));
            }
            successor(&server, name, old);
            assert_eq!([port(&server, Ask::List), port(&server, NOTHING)], ports, "{name}");
        }
        server.stop();
        let log = server.log();
        assert_eq!(log.matches("was killed by SIGKILL: starting it again").count(), 3, "{log}");
        let stopped = if signal == Signal::SIGSTOP { 3 } else { 0 };
        assert_eq!(log.matches("was stopped by SIGSTOP").count(), stopped, "{log}");
    }
}

#[test]
fn who_hangs_without_being_stopped_is_found_by_a_probe() {
    for name in VICTIMS {
        let server = start(&[]);
        let old = process(&server, name);
        let test = "who_hangs_without_being_stopped_is_found_by_a_probe";
        let Some(_hang) = Hang::start(test, old) else { return };
        let before = Instant::now();
        successor(&server, name, old);
        let took = before.elapsed();
        assert!(took > Duration::from_secs(1), "{name}: it was not the probe: {took:?}");
        assert!(took < Duration::from_secs(5), "{name}: {took:?}");
        assert_eq!(server.client().reserve(1, 1), (Status::Ok, 199), "{name}");
        assert!(server.log().contains("gives no sign of life"), "{}", server.last_words());
    }
}

#[test]
fn clients_at_their_menu_are_served_by_whoever_is_there() {
    let server = start(&[]);
    let mut client = server.client();
    assert_eq!((client.view(1), client.reserve(1, 1)), (200, (Status::Ok, 199)));
    for name in VICTIMS {
        let old = process(&server, name);
        send(old, Signal::SIGKILL);
        successor(&server, name, old);
    }
    assert_eq!((client.reserve(1, 1), client.view(1)), ((Status::Ok, 198), 198));
}

#[test]
fn who_dies_again_and_again_ends_all_with_the_reason() {
    for name in VICTIMS {
        let mut server = start(&[]);
        let group = server.pid();
        let mut killed = Vec::new();
        while killed.len() < 6 {
            let next = || find(&server, name).filter(|pid| !killed.contains(pid));
            let pid = wait::until(SOON, next).unwrap();
            send(pid, Signal::SIGKILL);
            killed.push(pid);
        }
        let status = server.wait(SOON);
        assert_eq!(status.code(), Some(2));
        let log = server.log();
        assert!(log.contains("5 restarts within 10 s did not help"), "{log}");
        assert_eq!(log.matches("starting it again").count(), 5, "{log}");
        server.assert_nothing_left(group);
    }
}

#[test]
fn a_watchdog_that_was_itself_stopped_blames_nobody() {
    let server = start(&[]);
    let before = VICTIMS.map(|name| process(&server, name));
    send(server.pid(), Signal::SIGSTOP);
    // Longer than it lets a server be silent, also one that no probe has reached.
    thread::scope(|scope| {
        scope.spawn(|| wait::pause(Duration::from_millis(5300)));
    });
    send(server.pid(), Signal::SIGCONT);
    assert_eq!(ask_dispatcher(&server, Ask::List).status(), Some(Status::Redirect));
    wait::pause(Duration::from_millis(700));
    assert_eq!(VICTIMS.map(|name| process(&server, name)), before, "{}", server.last_words());
}

#[test]
fn a_signal_to_stop_that_is_not_the_watchdogs_stops_no_server() {
    let server = start(&[]);
    let before = VICTIMS.map(|name| process(&server, name));
    for pid in before {
        send(pid, Signal::SIGTERM);
        send(pid, Signal::SIGINT);
    }
    assert_eq!(server.client().reserve(1, 1), (Status::Ok, 199));
    assert_eq!(VICTIMS.map(|name| process(&server, name)), before);
}

#[test]
fn no_zombie_stays_behind_a_restart() {
    let server = start(&[]);
    for name in VICTIMS {
        let old = process(&server, name);
        send(old, Signal::SIGKILL);
        successor(&server, name, old);
        assert_eq!(common::program::process::state(old), None, "{name} was waited for");
    }
}
