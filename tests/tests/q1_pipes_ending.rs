//! How a server over pipes ends, and how its clients see that: promptly, whatever stands in the FIFOs.

use std::fs::{self, File};
use std::io::Write;
use std::process::Command;
use std::time::{Duration, Instant};

use common::client::ask::{Ask, Unanswered};
use common::program::process;
use common::protocol::reply::Status;
use common::protocol::request::Request;
use harness::attack::attacker::NeverReads;
use harness::client::{CLIENT_TIMEOUT, Client};
use harness::processes;
use harness::server::Server;
use harness::stage::Stage;
use harness::sys::tie_to_this_thread;
use harness::wait;
use nix::fcntl::{FcntlArg, fcntl};
use nix::sys::signal::{Signal, kill, killpg};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, mkfifo};
use q1_pipes::fifo;
use zerocopy::IntoBytes;

const SOON: Duration = Duration::from_secs(10);

#[test]
fn no_stop_hangs_under_load_with_clients_at_their_menus() {
    let mut server = Server::start(Stage::Q1Pipes);
    for round in 0..25 {
        let _at_the_menu = server.client();
        let dir = server.dir();
        let (ready, started) = std::sync::mpsc::channel();
        let life = move |number: i32| {
            // Too late, if the others were so quick that the server stops already.
            let Ok(mut client) = Client::open(Stage::Q1Pipes, &dir, CLIENT_TIMEOUT) else { return };
            let ask = if number == 0 { Ask::List } else { Ask::Reserve { show: 1, seats: -1 } };
            while client.ask(ask).is_ok_and(|reply| reply.status() != Some(Status::Unavailable)) {
                // The one that listens has heard enough after the first.
                ready.send(()).ok();
            }
        };
        let clients: Vec<_> = (0..3)
            .map(|number| {
                std::thread::spawn({
                    let life = life.clone();
                    move || life(number)
                })
            })
            .collect();
        started.recv().unwrap();
        let before = Instant::now();
        server.stop();
        assert!(before.elapsed() < Duration::from_secs(1), "round {round}: {:?}", before.elapsed());
        clients.into_iter().for_each(|client| client.join().unwrap());
        server.launch();
    }
}

#[test]
fn a_flood_does_not_hold_up_the_stop() {
    let mut server = Server::start(Stage::Q1Pipes);
    let flood = |name: &str, bytes: Vec<u8>| {
        let mut fifo = File::options().write(true).open(server.dir().join(name)).unwrap();
        // As much as any user may: 1 MiB stands before the stop record.
        fcntl(&fifo, FcntlArg::F_SETPIPE_SZ(1 << 20)).unwrap();
        std::thread::spawn(move || while fifo.write_all(&bytes).is_ok() {})
    };
    let request = Request::new(i32::MAX, 1, Ask::Reserve { show: 1, seats: -1 });
    let floods: Vec<_> = ["consult.fifo", "reserve.fifo"]
        .iter()
        .flat_map(|name| {
            [
                flood(name, request.as_bytes().repeat(128)),
                flood(name, vec![0; 1 << 20]),
                flood(name, vec![0; 1 << 20]),
                flood(name, vec![0; 1 << 20]),
            ]
        })
        .collect();
    assert_eq!(server.client().view(3), 120);
    let before = Instant::now();
    server.stop();
    assert!(before.elapsed() < Duration::from_secs(2), "{:?}", before.elapsed());
    floods.into_iter().for_each(|flood| flood.join().unwrap());
}

#[test]
fn the_death_of_the_server_is_seen_at_once() {
    let mut server = Server::start(Stage::Q1Pipes);
    let (mut idle, dir) = (server.client(), server.dir());
    // Stopped, it does not take the request; before it is, a worker may still be reading.
    killpg(Pid::from_raw(server.pid()), Signal::SIGSTOP).unwrap();
    let is_stopped = || server.threads().iter().all(|thread| thread.state == 'T');
    wait::until_true("a stopped server", SOON, is_stopped);
    let waiting = std::thread::spawn(move || {
        let mut client = Client::open(Stage::Q1Pipes, &dir, CLIENT_TIMEOUT).unwrap();
        (client.ask(Ask::Reserve { show: 1, seats: 1 }).copied(), Instant::now())
    });
    // Looked at, not taken; and gone before the server is.
    let reader = fifo::open_reader(&server.dir().join("reserve.fifo")).unwrap();
    assert!(wait::until_readable(&reader, SOON), "no request has come");
    drop(reader);
    server.crash();
    let died = Instant::now();
    let (answer, noticed) = waiting.join().unwrap();
    assert!(matches!(answer, Err(Unanswered::Unknown(_))), "{answer:?}");
    assert!(noticed < died + Duration::from_secs(1), "after {:?}", noticed - died);
    assert!(matches!(idle.ask(Ask::List), Err(Unanswered::NotSent(_))));
    let text = Unanswered::explain(&idle.ask(Ask::List).unwrap_err(), Ask::List);
    assert_eq!(text, "the server has stopped: ask again");
    server.launch();
}

#[test]
fn the_fifos_of_killed_clients_go_at_the_start_and_at_the_stop() {
    let mut server = Server::start(Stage::Q1Pipes);
    let fifos = |server: &Server| {
        let names = fs::read_dir(server.dir()).unwrap().map(|entry| entry.unwrap().file_name());
        names.filter(|name| name.to_str().is_some_and(|name| name.starts_with("reply."))).count()
    };
    drop(NeverReads::start(&server, 1));
    assert_eq!(fifos(&server), 1);
    server.crash();
    server.launch();
    assert_eq!(fifos(&server), 0);
    drop(NeverReads::start(&server, 1));
    server.stop();
    assert_eq!(fifos(&server), 0);
}

#[test]
fn the_fifo_of_a_dead_client_goes_even_if_another_process_has_its_pid() {
    let mut server = Server::start(Stage::Q1Pipes);
    // The first process of a machine lives, and reads no FIFO of ours.
    let path = server.dir().join("reply.1.fifo");
    mkfifo(&path, Mode::S_IRWXU).unwrap();
    server.stop();
    assert!(!path.exists());
}

#[test]
fn who_waits_at_the_fifo_of_a_killed_server_is_told_by_the_next_one() {
    let mut server = Server::start(Stage::Q1Pipes);
    let group = server.pid();
    server.crash();
    let is_dead = || processes::of_group(group).is_empty();
    wait::until_true("the death of the workers", SOON, is_dead);
    let mut command = Command::new("sh");
    command.args(["-c", "exec printf x > consult.fifo"]).current_dir(server.dir());
    let mut writer = tie_to_this_thread(&mut command).spawn().unwrap();
    let waits = || process::state(writer.id() as i32) == Some('S');
    wait::until_true("a writer that waits", SOON, waits);
    server.launch();
    let ended = wait::until(SOON, || writer.try_wait().unwrap());
    assert!(ended.is_some_and(|status| !status.success()), "{ended:?}");
    writer.kill().ok();
}

#[test]
fn a_signal_to_a_worker_ends_nothing() {
    let server = Server::start(Stage::Q1Pipes);
    for worker in server.workers() {
        kill(Pid::from_raw(worker), Signal::SIGTERM).unwrap();
    }
    let mut fifo = File::options().write(true).open(server.dir().join("reserve.fifo")).unwrap();
    let request = Request::new(i32::MAX, 1, Ask::Reserve { show: 1, seats: -1 });
    // A flood of one client is longer than what a stop would leave to it.
    let until = Instant::now() + Duration::from_millis(1200);
    let batch = request.as_bytes().repeat(128);
    while Instant::now() < until {
        fifo.write_all(&batch).unwrap();
    }
    assert_eq!(server.client().reserve(1, 1), (Status::Ok, 199));
}
