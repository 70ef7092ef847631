//! Errors and short results of every system call: a server answers rightly, or says what is wrong
//! and ends; it never loses, invents, spins or hangs.

use std::collections::HashMap;
use std::os::unix::process::ExitStatusExt;
use std::time::{Duration, Instant};

use common::booking::shows;
use common::client::ask::Ask;
use common::program::process::is_alive;
use harness::client::{CLIENT_TIMEOUT, Client};
use harness::effort::Effort;
use harness::history::ledger::Ledger;
use harness::runner::sweep::Sweep;
use harness::server::Server;
use harness::stage::{ALL, Stage};
use harness::strace::Strace;
use harness::strace::gate::Traced;
use harness::strace::trace;
use harness::{processes, wait};
use nix::sys::signal::Signal;

use crate::faults::{self, Fault};

/// How long a client waits for an answer that a fault may have destroyed.
const TIMEOUT: Duration = Duration::from_secs(1);
/// A server with nothing to do is at rest within this, also where it tries again now and then.
const REST_MAX: Duration = Duration::from_secs(20);
/// Clients that may wait in vain for one fault.
const UNANSWERED_MAX: usize = 2;

/// What is asked under a fault: both sectors of the data file, and a refusal.
const QUESTIONS: [Ask; 6] = [
    Ask::Reserve { show: 1, seats: 3 },
    Ask::View { show: 1 },
    Ask::Reserve { show: 8, seats: 39 },
    Ask::Reserve { show: 8, seats: 2 },
    Ask::List,
    Ask::Reserve { show: 1, seats: 1 },
];

/// The last words of the runtime when there is no memory: for the heap, for the stack on which a
/// new thread handles its overflow, or for a panic about it.
const OUT_OF_MEMORY: [&str; 3] =
    ["memory allocation of", "alternative stack", "failed to initiate panic"];

/// A server under a fault, and what its clients know.
struct Run {
    server: Server,
    ledger: Ledger,
    /// How long a client waits.
    timeout: Duration,
}

/// Longer than this nothing may hang. A run at night has the machine to itself.
fn hang_max() -> Duration {
    Duration::from_secs(Effort::asked().of(30, 30, 5))
}

impl Run {
    fn new(stage: Stage) -> Run {
        let server = Server::prepare(stage, &[]);
        Run { server, ledger: Ledger::new(shows::sample()), timeout: TIMEOUT }
    }

    /// Asks one question after the other, by a new client after each that had no answer.
    fn ask_all(&mut self, questions: &[Ask], unanswered_max: usize) -> usize {
        let (mut client, mut unanswered) = (None, 0);
        for &ask in questions {
            if unanswered >= unanswered_max || !is_alive(self.server.pid()) {
                break;
            }
            let dir = self.server.dir();
            let opened = client
                .take()
                .map_or_else(|| Client::open(self.server.stage(), &dir, self.timeout).ok(), Some);
            let Some(mut open) = opened else {
                unanswered += 1;
                continue;
            };
            let heard = open.ask(ask).copied();
            self.ledger.enter(ask, &heard);
            match heard {
                Ok(_) => client = Some(open),
                Err(_) => unanswered += 1,
            }
        }
        unanswered
    }

    /// Each thread is seen asleep, time and again: one that spins never is.
    fn assert_at_rest(&self) {
        let mut asleep: HashMap<i32, u32> = HashMap::new();
        let pid = self.server.pid();
        let are_at_rest = || {
            let threads = processes::of_group(pid);
            for thread in threads.iter().filter(|thread| "SD".contains(thread.state)) {
                *asleep.entry(thread.tid).or_default() += 1;
            }
            let is_at_rest = |tid| asleep.get(tid).is_some_and(|&times| times >= 3);
            threads.iter().all(|thread| is_at_rest(&thread.tid)).then_some(())
        };
        let rested = wait::until(REST_MAX, are_at_rest);
        assert!(rested.is_some(), "it spins: {:?}", self.server.threads());
    }

    /// Everything up to the server's end; what strace saw.
    fn suffer(&mut self, traced: Traced, fault: &Fault) -> String {
        let mut strace = Some(traced.strace);
        let mut trace = String::new();
        if traced.is_ready {
            self.ask_all(&QUESTIONS, if fault.is_for_ever() { 1 } else { UNANSWERED_MAX });
            if is_alive(self.server.pid()) {
                self.assert_at_rest();
            }
            let hits = |strace: &mut Strace| strace.so_far().contains("(INJECTED)");
            // A fault that has not hit yet is one of the stop. After one that has, and without it, a
            // server that is there serves.
            if let Some(strace) = strace.take_if(hits) {
                trace = strace.finish();
                if self.serves() {
                    self.server.signal(Signal::SIGTERM);
                }
            } else {
                self.server.signal(Signal::SIGTERM);
            }
        }
        let ended_well = self.assert_ends(fault);
        let trace = strace.map_or(trace, |strace| strace.finish());
        assert!(ended_well || trace.contains("(INJECTED)"), "it ended without a fault");
        trace
    }

    /// Whether the server is there and serves; else it ends by itself.
    fn serves(&mut self) -> bool {
        let is_over = || {
            let ended = !is_alive(self.server.pid());
            let mut served = || self.ask_all(&[Ask::View { show: 1 }, Ask::List], 1) == 0;
            (ended || served()).then_some(!ended)
        };
        wait::until(hang_max(), is_over).expect("it is there and serves nobody")
    }

    /// Its end is soon, and in order: by itself, or by the abort of the allocator; with a word why.
    /// Whether it ended well.
    fn assert_ends(&mut self, fault: &Fault) -> bool {
        let status = self.server.wait(hang_max());
        let log = self.server.log();
        let is_out_of_memory = |text: &str| OUT_OF_MEMORY.iter().any(|words| text.contains(words));
        let mut panics = log.split("panicked at").skip(1);
        assert!(panics.all(is_out_of_memory), "it panicked:\n{log}");
        let said = match (status.code(), status.signal()) {
            (Some(0), _) => true,
            (Some(2), _) => log.lines().any(is_clear),
            (_, Some(libc::SIGABRT)) => is_out_of_memory(&log),
            _ => panic!("it ended with {status}:\n{log}"),
        };
        // Where nothing can be written, nothing can be said.
        assert!(said || fault.call == "write", "{status} and not a word:\n{log}");
        status.success()
    }

    /// The next start, without a fault.
    fn start_again(mut self) {
        self.server.launch();
        self.timeout = CLIENT_TIMEOUT;
        self.ledger.restart();
        let table = self.server.table_on_disk();
        assert!(self.ledger.allows(&table), "{table:#?} is on disk, not {:#?}", self.ledger);
        let last = [Ask::List, Ask::Reserve { show: 4, seats: 1 }];
        assert_eq!(self.ask_all(&last, 1), 0, "it does not serve:\n{}", self.server.log());
        self.server.stop();
    }
}

/// Whether a line is the last words of a server that says what could not be done, or what did not
/// end in time; the system's words for an error alone would not do.
fn is_clear(line: &str) -> bool {
    let said = line.strip_prefix("server: ");
    let words = said.or_else(|| line.split_once(" ERROR ").map(|(_, logged)| logged));
    words.is_some_and(|words| [": ", " in time"].iter().any(|part| words.contains(part)))
}

/// A failed sync is the last: another one would return 0 and mean nothing.
fn assert_no_sync_after_a_failed_one(trace: &str) {
    let calls = trace::parse(trace);
    let mut syncs = calls.iter().filter(|call| call.name == "fdatasync");
    let failed = syncs.find(|call| call.text.contains("(INJECTED)"));
    assert_eq!(failed.and_then(|_| syncs.next()), None, "a sync was tried again:\n{trace}");
}

#[test]
fn an_error_of_any_system_call_is_survived_or_ends_the_server_clearly() {
    let name = "an_error_of_any_system_call_is_survived_or_ends_the_server_clearly";
    for stage in ALL {
        let mut run = Run::new(stage);
        let Some(traced) = run.server.launch_traced(name, &[]) else { return };
        run.ask_all(&QUESTIONS, 1);
        run.server.stop();
        let calls = trace::parse(&traced.strace.finish());
        let faults = faults::all(&trace::most_per_thread(&calls));
        let sweep = format!("errors-{}", stage.package());
        Sweep::new(&sweep, faults.len() as u64, ALL.len() as u32).run(|index| {
            let fault = &faults[index as usize];
            println!("{} suffers {fault:?}", stage.package());
            let mut run = Run::new(stage);
            let options = fault.options(&run.server);
            let options: Vec<&str> = options.iter().map(String::as_str).collect();
            let begin = Instant::now();
            let Some(traced) = run.server.launch_traced(name, &options) else { return };
            assert!(begin.elapsed() < hang_max(), "the start took {:?}", begin.elapsed());
            let trace = run.suffer(traced, fault);
            assert_no_sync_after_a_failed_one(&trace);
            run.start_again();
        });
    }
}
