//! Clients that write their histories, and somebody who kills and stops them and the server
//! meanwhile.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use common::client::ask::Ask;
use common::program::process::is_alive;
use common::protocol::reply::Status;
use fastrand::Rng;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::client::{CLIENT_TIMEOUT, Client};
use crate::history::{Answer, History, Operation, now, record, seats};
use crate::server::Server;
use crate::stage::program;
use crate::{sys, wait};

/// Clients at once.
const CLIENTS: u64 = 8;
/// What each of them asks.
const QUESTIONS: u64 = 100;
/// At most so many times something happens to somebody.
const TROUBLES_MAX: usize = 5;
/// How much a client writes about a question and its answer, roughly: tells how far a history is.
const QUESTION_SIZE: u64 = 60;
/// How long somebody is stopped, at most: not as long as the workers of a server wait for a lock
/// before they look who has it.
const STOP_MAX_MICROS: u64 = 20_000;
/// A history takes a fraction of a second.
const HISTORY_MAX: Duration = Duration::from_secs(60);
/// A server that has lost a worker needs 2 s at most to end.
const END_MAX: Duration = Duration::from_secs(10);

/// What happens to somebody.
#[derive(Clone, Copy, Debug)]
enum Trouble {
    KillServer,
    KillWorker,
    StopServer,
    KillClient,
    StopClient,
}

const TROUBLES: [Trouble; 5] = [
    Trouble::KillServer,
    Trouble::KillWorker,
    Trouble::StopServer,
    Trouble::KillClient,
    Trouble::StopClient,
];

/// A history that is being made.
#[derive(Debug)]
struct Recording<'a> {
    server: &'a mut Server,
    shows: i32,
    rng: Rng,
    /// The running clients.
    clients: Vec<Child>,
    /// What every client wrote, also those that were killed.
    texts: Vec<PathBuf>,
    /// Whether the server may have found a stopped process in its way, and ended.
    was_stopped: bool,
}

/// Lets clients ask a server for the first `shows` shows, and trouble them and it as the seed says;
/// then stops the server. In the end stands a LIST, which is the table on disk.
///
/// # Panics
/// If the server or a client ends for no reason, or does not end or answer.
pub fn record(server: &mut Server, shows: i32, seed: u64) -> History {
    let initial = seats(&server.table_on_disk());
    let (clients, texts, rng) = (Vec::new(), Vec::new(), Rng::with_seed(seed));
    let mut recording = Recording { server, shows, rng, clients, texts, was_stopped: false };
    (0..CLIENTS).for_each(|_| recording.start_client(QUESTIONS));
    recording.make_trouble();
    recording.wait_for_clients();
    wait_until_whole(recording.server);
    recording.server.stop();
    let last = Some((u64::MAX, Answer::List(seats(&recording.server.table_on_disk()))));
    let mut operations = recording.operations();
    operations.push(Operation { ask: Ask::List, call: now(), back: last });
    History { initial, operations }
}

/// Waits until every worker that was killed has a successor that answers: a stop would find that one
/// was killed, and say so.
///
/// # Panics
/// If one has none within 10 s.
pub fn wait_until_whole(server: &Server) {
    let answers = |ask, expected| {
        let client = Client::open(server.stage(), &server.dir(), CLIENT_TIMEOUT);
        client.is_ok_and(|mut client| {
            client.ask(ask).is_ok_and(|reply| reply.status() == Some(expected))
        })
    };
    let nothing = Ask::Reserve { show: 1, seats: 0 };
    let all = || answers(Ask::List, Status::Ok) && answers(nothing, Status::BadSeats);
    wait::until_true("all workers", END_MAX, all);
}

impl Recording<'_> {
    fn start_client(&mut self, questions: u64) {
        let text = self.server.base().join(format!("history.{}", self.texts.len()));
        let out = File::create(&text).expect("the base is ours");
        let errors = self.server.base().join("clients");
        let errors = File::options().append(true).create(true).open(errors);
        let mut command = Command::new(program("recorded-client"));
        command.arg(self.server.stage().package()).arg(self.server.dir());
        command.args([self.shows.to_string(), questions.to_string(), self.rng.u64(..).to_string()]);
        command.stdin(Stdio::null()).stdout(out).stderr(errors.expect("the base is ours"));
        let child = sys::tie_to_this_thread(&mut command).spawn();
        self.clients.push(child.expect("the client can be started"));
        self.texts.push(text);
    }

    fn make_trouble(&mut self) {
        let whole = CLIENTS * QUESTIONS * QUESTION_SIZE;
        let mut moments: Vec<u64> =
            (0..self.rng.usize(0..=TROUBLES_MAX)).map(|_| self.rng.u64(0..whole)).collect();
        moments.sort_unstable();
        for moment in moments {
            wait::until_true("progress", HISTORY_MAX, || {
                self.revive();
                let sizes = self.texts.iter().map(|text| fs::metadata(text).map_or(0, |m| m.len()));
                sizes.sum::<u64>() >= moment || self.clients.iter_mut().all(has_ended)
            });
            let trouble = TROUBLES[self.rng.usize(0..TROUBLES.len())];
            self.make(trouble);
        }
    }

    fn make(&mut self, trouble: Trouble) {
        let mut processes: Vec<i32> =
            self.server.threads().iter().map(|thread| thread.pid).collect();
        processes.dedup();
        let first = self.server.pid();
        let workers: Vec<i32> = processes.iter().copied().filter(|&pid| pid != first).collect();
        let client = self.rng.usize(0..self.clients.len());
        match trouble {
            Trouble::KillWorker if !workers.is_empty() => {
                send(workers[self.rng.usize(0..workers.len())], Signal::SIGKILL);
                if !self.server.stage().restarts_workers() {
                    let status = self.server.wait(END_MAX);
                    assert_eq!(status.code(), Some(2), "{}", self.server.last_words());
                    self.server.launch();
                }
            }
            Trouble::KillServer | Trouble::KillWorker => {
                self.server.crash();
                self.server.launch();
            }
            Trouble::StopServer if !processes.is_empty() => {
                self.was_stopped = true;
                let process = processes[self.rng.usize(0..processes.len())];
                self.stop(process);
            }
            Trouble::StopServer => {}
            Trouble::StopClient => {
                if !has_ended(&mut self.clients[client]) {
                    self.stop(self.clients[client].id() as i32);
                }
            }
            Trouble::KillClient => {
                if !has_ended(&mut self.clients[client]) {
                    let mut killed = self.clients.swap_remove(client);
                    killed.kill().and_then(|()| killed.wait()).expect("a child can be killed");
                    // Another one asks what was to be asked yet; how much that was is not important.
                    self.start_client(QUESTIONS / 2);
                }
            }
        }
    }

    /// Stops a process for a while.
    fn stop(&mut self, pid: i32) {
        send(pid, Signal::SIGSTOP);
        sleep(Duration::from_micros(self.rng.u64(0..STOP_MAX_MICROS)));
        send(pid, Signal::SIGCONT);
    }

    /// Starts a server again that has ended because a process of it was stopped for too long.
    fn revive(&mut self) {
        if is_alive(self.server.pid()) {
            return;
        }
        let status = self.server.wait(END_MAX);
        let log = self.server.log();
        let is_clear = log.contains("holds the shared lock and is stopped");
        let last = self.server.last_words();
        assert!(self.was_stopped && is_clear, "the server ended with {status}:\n{last}");
        self.server.launch();
    }

    fn wait_for_clients(&mut self) {
        wait::until_true("the clients' end", HISTORY_MAX, || {
            self.revive();
            self.clients.iter_mut().all(has_ended)
        });
        for client in &mut self.clients {
            let status = client.wait().expect("it is our child");
            let errors = fs::read_to_string(self.server.base().join("clients"));
            assert!(status.success(), "a client ended with {status}: {errors:?}");
        }
    }

    fn operations(&self) -> Vec<Operation> {
        let read = |text| record::read(&fs::read_to_string(text).expect("clients write UTF-8"));
        self.texts.iter().flat_map(read).collect()
    }
}

impl Drop for Recording<'_> {
    fn drop(&mut self) {
        // After a panic some may still run; those that have ended cannot be killed.
        for client in &mut self.clients {
            if let Err(error) = client.kill().and_then(|()| client.wait()) {
                eprintln!("cannot end a client: {error}");
            }
        }
    }
}

fn has_ended(client: &mut Child) -> bool {
    client.try_wait().expect("it is our child").is_some()
}

/// Sends a signal to a process that may be gone: its end is seen elsewhere.
fn send(pid: i32, signal: Signal) {
    if let Err(errno) = kill(Pid::from_raw(pid), signal) {
        println!("process {pid} is gone: {errno}");
    }
}
