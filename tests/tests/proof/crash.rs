//! Crashes: a server, or one process of it, killed at every system call, and at random under load.

use std::time::Duration;

use common::booking::shows;
use common::client::ask::Ask;
use common::program::process::is_alive;
use harness::client::{CLIENT_TIMEOUT, Client};
use harness::history::ledger::{Ledger, SCRIPT};
use harness::runner::sweep::Sweep;
use harness::server::Server;
use harness::stage::{ALL, Stage};
use harness::strace::Strace;
use harness::strace::trace;
use harness::wait;

/// A server that was killed, or has lost a process, or was asked to stop, ends within this.
const END_MAX: Duration = Duration::from_secs(10);

/// What is killed, and what was there before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    /// The server from its start in a new DIR, which has no data file.
    New,
    /// The server from its start in the DIR of a killed one.
    AfterCrash,
    /// One process of a server that is ready.
    Process(usize),
}

/// Where it is killed: when a thread enters this call for the `when`-th time.
#[derive(Clone, Debug)]
struct Point {
    scope: Scope,
    call: String,
    when: usize,
}

impl Point {
    fn options(&self) -> [String; 4] {
        let Point { call, when, .. } = self;
        let inject = format!("inject={call}:signal=KILL:when={when}");
        ["-e".into(), format!("trace={call}"), "-e".into(), inject]
    }
}

/// Every call of every thread of a server that runs the script and stops.
fn points(name: &str, stage: Stage) -> Option<Vec<Point>> {
    let processes = (0..stage.processes()).map(Scope::Process);
    let mut points = Vec::new();
    for scope in [Scope::New, Scope::AfterCrash].into_iter().chain(processes) {
        let mut run = Run::prepare(stage, scope);
        let mut strace = Some(run.launch(name, &[])?);
        run.follow_script(&mut strace);
        run.end();
        let calls = trace::parse(&strace?.finish());
        for (call, most) in trace::most_per_thread(&calls) {
            points.extend((1..=most).map(|when| Point { scope, call: call.clone(), when }));
        }
    }
    Some(points)
}

/// A server, what its client knows, and whether that had all its answers.
struct Run {
    server: Server,
    ledger: Ledger,
    scope: Scope,
    answered: bool,
}

impl Run {
    fn prepare(stage: Stage, scope: Scope) -> Run {
        let server = Server::prepare(stage, &[]);
        let ledger = Ledger::new(shows::sample());
        let mut run = Run { server, ledger, scope, answered: true };
        if scope == Scope::AfterCrash {
            run.server.launch();
            let mut client = run.server.client();
            run.ask(&mut client, Ask::Reserve { show: 5, seats: 1 });
            drop(client);
            run.server.crash();
        }
        run
    }

    /// Starts the server under strace; None if there is none.
    fn launch(&mut self, name: &str, options: &[&str]) -> Option<Strace> {
        let Scope::Process(number) = self.scope else {
            let traced = self.server.launch_traced(name, options)?;
            self.answered = traced.is_ready;
            return Some(traced.strace);
        };
        self.server.launch();
        let mut pids: Vec<i32> = self.server.threads().iter().map(|thread| thread.pid).collect();
        pids.sort_unstable();
        pids.dedup();
        Strace::attach(name, &[pids[number]], options)
    }

    /// Asks all questions. Where the dead are replaced, the fault is over with the first that has
    /// no answer, or it would kill every successor too, and a new client asks the others.
    fn follow_script(&mut self, strace: &mut Option<Strace>) {
        let mut questions = SCRIPT.into_iter().peekable();
        while self.answered && questions.peek().is_some() {
            let Ok(mut client) = self.client() else {
                self.answered = false;
                return;
            };
            while self.answered
                && let Some(ask) = questions.next()
            {
                self.answered = self.ask(&mut client, ask);
            }
            if !self.answered && self.server.stage().restarts_workers() {
                drop(strace.take());
                self.answered = self.is_alive();
            }
        }
    }

    /// A client; where the dead are replaced, as soon as they are.
    fn client(&self) -> anyhow::Result<Client> {
        let open = || Client::open(self.server.stage(), &self.server.dir(), CLIENT_TIMEOUT);
        if !self.server.stage().restarts_workers() {
            return open();
        }
        let opened = || open().ok().map(Some).or_else(|| (!self.is_alive()).then_some(None));
        let client = wait::until(END_MAX, opened).flatten();
        client.ok_or_else(|| anyhow::anyhow!("nobody can be asked"))
    }

    /// Asks a question; whether it was answered, with something else than that the server stops.
    fn ask(&mut self, client: &mut Client, ask: Ask) -> bool {
        let heard = client.ask(ask).copied();
        self.ledger.enter(ask, &heard);
        heard
            .is_ok_and(|reply| reply.status() != Some(common::protocol::reply::Status::Unavailable))
    }

    fn is_alive(&self) -> bool {
        is_alive(self.server.pid())
    }

    /// The end of the server: it was killed, or has lost a part of itself, or is asked to stop. If
    /// it could clean up it must have.
    fn end(&mut self) {
        let group = self.server.pid();
        if self.answered {
            self.server.signal(nix::sys::signal::Signal::SIGTERM);
        }
        let status = self.server.wait(END_MAX);
        assert!(matches!(status.code(), None | Some(0 | 2)), "it ended with {status}");
        if status.code().is_some() {
            self.server.assert_nothing_left(group);
        }
    }

    /// The next start: what was acknowledged is there, nobody else can start here, and a stop
    /// leaves nothing.
    fn start_again(mut self) {
        self.server.launch();
        self.ledger.restart();
        let rival = self.server.rival();
        assert_eq!(rival.status.code(), Some(2), "a second server in one DIR: {rival:?}");
        let mut client = self.server.client();
        assert!(self.ask(&mut client, Ask::List));
        assert!(self.ask(&mut client, Ask::Reserve { show: 4, seats: 1 }));
        let table = self.server.table_on_disk();
        assert!(self.ledger.allows(&table), "{table:#?} is on disk, not {:#?}", self.ledger);
        drop(client);
        self.server.stop();
    }
}

fn kill_at(name: &str, stage: Stage, point: &Point) {
    println!("{} is killed at {point:?}", stage.package());
    let mut run = Run::prepare(stage, point.scope);
    let options = point.options();
    let mut strace = run.launch(name, &options.each_ref().map(String::as_str));
    run.follow_script(&mut strace);
    run.end();
    drop(strace);
    run.start_again();
}

#[test]
fn a_server_killed_at_any_system_call_has_lost_nothing() {
    let name = "a_server_killed_at_any_system_call_has_lost_nothing";
    for stage in ALL {
        let Some(points) = points(name, stage) else { return };
        let sweep = format!("crash-{}", stage.package());
        Sweep::new(&sweep, points.len() as u64, 2 * ALL.len() as u32)
            .run(|index| kill_at(name, stage, &points[index as usize]));
    }
}

/// The calls before the server is ready by which a file is made, written or made durable, each as
/// often as that can matter. The stages take turns: what they do there is the same code.
#[test]
fn a_server_killed_while_it_writes_its_data_file_at_start_has_lost_nothing() {
    let name = "a_server_killed_while_it_writes_its_data_file_at_start_has_lost_nothing";
    let calls = [("pwrite64", 3), ("fdatasync", 2), ("fsync", 2), ("rename", 1), ("ftruncate", 2)];
    let mut stages = ALL.into_iter().cycle();
    for scope in [Scope::New, Scope::AfterCrash] {
        for (call, most) in calls {
            for when in 1..=most {
                let point = Point { scope, call: call.to_owned(), when };
                kill_at(name, stages.next().unwrap(), &point);
            }
        }
    }
}
