//! How all of it ends: in order, by itself after the last exchange, without its watchdog, and when
//! somebody else may write.

use std::fs::{self, File};
use std::time::{Duration, Instant};

use common::protocol::reply::Status;
use harness::processes;
use harness::server::Server;
use harness::stage::Stage;
use harness::strace::Strace;
use harness::wait;
use nix::sys::signal::Signal;

use crate::scene::{SOON, VICTIMS, process, send, start, successor};

#[test]
fn the_dispatcher_ends_before_the_servers_behind_it_and_all_are_waited_for() {
    let name = "the_dispatcher_ends_before_the_servers_behind_it_and_all_are_waited_for";
    let mut server = start(&[]);
    let [dispatcher, reservation, consultation] = VICTIMS.map(|name| process(&server, name));
    let options = ["-e", "trace=kill,wait4,waitid", "-e", "signal=none"];
    let Some(strace) = Strace::attach(name, &[server.pid()], &options) else { return };
    server.stop();
    let trace = strace.finish();
    let at = |what: String| trace.find(&what).unwrap_or_else(|| panic!("no {what} in {trace}"));
    let waited = |pid: i32| {
        let is_end = |line: &&str| {
            line.contains(&format!("wait4({pid},")) && line.ends_with(&format!("= {pid}"))
        };
        let line = trace.lines().find(is_end).unwrap_or_else(|| panic!("{pid}: {trace}"));
        trace.find(line).unwrap()
    };
    let told = |pid: i32| at(format!("kill({pid}, SIGTERM)"));
    assert!(told(dispatcher) < waited(dispatcher), "{trace}");
    for behind in [reservation, consultation] {
        assert!(waited(dispatcher) < told(behind) && told(behind) < waited(behind), "{trace}");
    }
    assert!(!trace.contains("SIGKILL"), "{trace}");
}

#[test]
fn without_its_watchdog_no_server_stays_and_the_next_one_starts() {
    let mut server = start(&["--consultation-servers", "3"]);
    assert_eq!(server.client().reserve(1, 1), (Status::Ok, 199));
    let group = server.pid();
    server.crash();
    let gone = || processes::of_group(group).is_empty();
    wait::until_true("the end of all servers", SOON, gone);
    // The dead one's FIFOs are there still, and there were more of them.
    assert!(server.dir().join("dw.consult3.fifo").exists());
    let mut next = Server::prepare(Stage::Q6Watchdog, &[]);
    fs::rename(server.dir(), next.dir()).unwrap();
    next.launch();
    assert!(!next.dir().join("dw.consult3.fifo").exists());
    assert_eq!(next.client().view(1), 199);
    next.stop();
    fs::rename(next.dir(), server.dir()).unwrap();
    server.launch();
    fs::create_dir(next.dir()).unwrap();
}

#[test]
fn after_the_last_exchange_all_of_it_ends() {
    let mut server = start(&["--exchanges", "3"]);
    let group = server.pid();
    let mut client = server.client();
    assert_eq!(client.view(1), 200);
    assert_eq!(client.reserve(1, 1), (Status::Ok, 199));
    // The watchdog's own questions are no exchanges: some of them pass meanwhile.
    wait::pause(Duration::from_millis(1200));
    assert_eq!(processes::of_group(group).len(), Stage::Q6Watchdog.threads().len() + 2);
    assert_eq!(client.reserve(1, 1), (Status::Ok, 198));
    let status = server.wait(SOON);
    assert!(status.success(), "{status}: {}", server.last_words());
    assert!(server.log().contains("stopping after 3 exchanges"), "{}", server.log());
    server.assert_nothing_left(group);
}

#[test]
fn a_stop_right_after_a_worker_was_killed_is_no_error() {
    let name = "a_stop_right_after_a_worker_was_killed_is_no_error";
    let mut server = start(&[]);
    let group = server.pid();
    // The new reservation server syncs the data file before it is ready. On a slow disk that takes
    // longer than a stop may.
    let fault = ["-e", "trace=fdatasync", "-e", "inject=fdatasync:delay_enter=3000000"];
    let Some(strace) = Strace::attach(name, &[server.pid()], &fault) else { return };
    let old = process(&server, "q6 reserve");
    send(old, Signal::SIGKILL);
    let new = successor(&server, "q6 reserve", old);
    let before = Instant::now();
    server.signal(Signal::SIGTERM);
    let status = server.wait(SOON);
    let took = before.elapsed();
    assert!(status.success(), "{status}, {new}: {}", server.last_words());
    assert!(took < Duration::from_secs(2), "{took:?}");
    // As a process that waits for a disk does, it ends when that answers.
    drop(strace);
    wait::until_true("its end", SOON, || processes::of_group(group).is_empty());
    server.assert_nothing_left(group);
}

#[test]
fn a_restart_that_finds_another_writer_ends_all() {
    let mut server = start(&[]);
    let group = server.pid();
    let held = File::options().write(true).open(server.data_file()).unwrap();
    // Before the watchdog sees that the lock is free, it is ours.
    send(server.pid(), Signal::SIGSTOP);
    send(process(&server, "q6 reserve"), Signal::SIGKILL);
    wait::until_true("the data file's lock", SOON, || held.try_lock().is_ok());
    send(server.pid(), Signal::SIGCONT);
    let status = server.wait(SOON);
    assert_eq!(status.code(), Some(2), "{}", server.last_words());
    assert!(server.log().contains("another server has locked it"), "{}", server.last_words());
    drop(held);
    server.assert_nothing_left(group);
}
