//! Errors and short results of every system call: a server answers rightly, or says what is wrong
//! and ends; it never loses, invents, spins or hangs.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use common::ask::Ask;
use common::process::is_alive;
use common::shows;
use nix::sys::signal::Signal;
use tests::client::Client;
use tests::gate::{Traced, counted_before};
use tests::ledger::Ledger;
use tests::server::Server;
use tests::stage::{ALL, Stage};
use tests::strace::Strace;
use tests::sweep::Sweep;
use tests::{processes, trace, wait};

/// Longer than this nothing may hang.
const HANG_MAX: Duration = Duration::from_secs(5);
/// How long a client waits for an answer that a fault may have destroyed.
const TIMEOUT: Duration = Duration::from_secs(1);
/// A server with nothing to do is at rest within this, also where it tries again now and then.
const REST_MAX: Duration = Duration::from_secs(3);
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

/// Errors that are tried with every call.
const ERRORS: [&str; 7] = ["EINTR", "EAGAIN", "ENOMEM", "EMFILE", "ENOSPC", "EIO", "EPIPE"];

/// Calls that do not fail, whatever the machine lacks: they take or give numbers of the process
/// itself, or fail only for arguments that are wrong. std and glibc rely on it, and abort or try for
/// ever.
const UNFAILING: [&str; 20] = [
    "brk",
    "close",
    "exit",
    "exit_group",
    "futex",
    "geteuid",
    "getpid",
    "getppid",
    "getrandom",
    "gettid",
    "kill",
    "munmap",
    "restart_syscall",
    "rseq",
    "rt_sigaction",
    "rt_sigprocmask",
    "sched_getaffinity",
    "sched_yield",
    "set_robust_list",
    "sigaltstack",
];

/// The last words of the runtime when there is no memory: for the heap, for the stack on which a
/// new thread handles its overflow, or for a panic about it.
const OUT_OF_MEMORY: [&str; 3] =
    ["memory allocation of", "alternative stack", "failed to initiate panic"];

/// Results that are shorter than what was asked for: the call, the file where only one is meant,
/// the result.
///
/// strace makes no call that it gives a result to. So a read can only be at its end; and what a
/// write claims to have written is nowhere, which may only be tried where nobody relies on it.
const SHORT: [(&str, Option<&str>, usize); 13] = [
    ("pwrite64", Some("spectacles.dat"), 0),
    ("pwrite64", Some("spectacles.dat"), 1),
    ("pwrite64", Some("spectacles.dat"), 3),
    ("read", Some("spectacles.dat"), 0),
    ("read", Some("consult.fifo"), 0),
    ("read", Some("reserve.fifo"), 0),
    ("pread64", Some("lock"), 0),
    ("getdents64", None, 0),
    ("write", None, 0),
    ("write", None, 1),
    ("sendto", None, 0),
    ("sendto", None, 1),
    ("recvfrom", None, 0),
];

/// A call that fails, or comes back early, when a thread makes it for the `when`-th time.
#[derive(Clone, Debug)]
struct Fault {
    call: String,
    file: Option<&'static str>,
    /// What strace is told about the result.
    result: String,
    /// How often, in strace's words: N, N+ (from then on) or N+2 (from then on every second time).
    when: String,
}

impl Fault {
    fn options(&self, server: &Server) -> Vec<String> {
        let Fault { call, file, result, when } = self;
        let mut options = vec!["-e".to_owned(), format!("trace={call}")];
        options.extend(["-e".into(), format!("inject={call}:{result}:when={when}")]);
        if let Some(file) = file {
            options.extend(["-P".into(), server.dir().join(file).display().to_string()]);
        }
        options
    }

    fn is_for_ever(&self) -> bool {
        self.when.ends_with('+')
    }
}

/// All faults of a run in which each call is made as often as `most` says.
fn faults(most: &BTreeMap<String, usize>) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (call, &most) in most.iter().filter(|(call, _)| !UNFAILING.contains(&call.as_str())) {
        let mut add = |file, result: String, when: String| {
            faults.push(Fault { call: call.clone(), file, result, when });
        };
        for when in 1 + counted_before(call)..=most {
            for error in ERRORS {
                add(None, format!("error={error}"), when.to_string());
                // Nothing interrupts for ever, and no call that waits, or that poll says need not
                // wait, has nothing for ever; every second time is as bad as it gets.
                let waits = ["read", "recvfrom", "sendto", "accept4"].contains(&call.as_str());
                let is_passing = error == "EINTR" || (error == "EAGAIN" && waits);
                let again = if is_passing { "+2" } else { "+" };
                add(None, format!("error={error}"), format!("{when}{again}"));
            }
        }
        for (_, file, result) in SHORT.into_iter().filter(|short| short.0 == call) {
            for when in 1..=most {
                add(file, format!("retval={result}"), when.to_string());
            }
        }
    }
    faults
}

/// A server under a fault, and what its clients know.
struct Run {
    server: Server,
    ledger: Ledger,
}

impl Run {
    fn new(stage: Stage) -> Run {
        let server = Server::prepare(stage, &[]);
        Run { server, ledger: Ledger::new(shows::sample()) }
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
                .map_or_else(|| Client::open(self.server.stage(), &dir, TIMEOUT).ok(), Some);
            let Some(mut open) = opened else {
                unanswered += 1;
                continue;
            };
            let heard = open.ask(ask);
            self.ledger.enter(ask, &heard);
            match heard {
                Ok(_) => client = Some(open),
                Err(_) => unanswered += 1,
            }
        }
        unanswered
    }

    /// Whether every thread sleeps, time and again.
    fn assert_at_rest(&self) {
        let mut at_rest = 0;
        let pid = self.server.pid();
        let sleeps = || {
            let all = processes::of_group(pid).iter().all(|thread| "SD".contains(thread.state));
            at_rest = if all { at_rest + 1 } else { 0 };
            (at_rest >= 3).then_some(())
        };
        assert!(wait::until(REST_MAX, sleeps).is_some(), "it spins: {:?}", self.server.threads());
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
        self.assert_ends(fault);
        strace.map_or(trace, |strace| strace.finish())
    }

    /// Whether the server is there and serves; else it ends by itself.
    fn serves(&mut self) -> bool {
        let is_over = || {
            let ended = !is_alive(self.server.pid());
            let mut served = || self.ask_all(&[Ask::View { show: 1 }, Ask::List], 1) == 0;
            (ended || served()).then_some(!ended)
        };
        wait::until(HANG_MAX, is_over).expect("it is there and serves nobody")
    }

    /// Its end is soon, and in order: by itself, or by the abort of the allocator; with a word why.
    fn assert_ends(&mut self, fault: &Fault) {
        use std::os::unix::process::ExitStatusExt;
        let status = self.server.wait(HANG_MAX);
        let log = self.server.log();
        let is_out_of_memory = |text: &str| OUT_OF_MEMORY.iter().any(|words| text.contains(words));
        let mut panics = log.split("panicked at").skip(1);
        assert!(panics.all(is_out_of_memory), "it panicked:\n{log}");
        let said = match (status.code(), status.signal()) {
            (Some(0), _) => true,
            (Some(2), _) => log.contains("server: ") || log.contains("ERROR"),
            (_, Some(libc::SIGABRT)) => is_out_of_memory(&log),
            _ => panic!("it ended with {status}:\n{log}"),
        };
        // Where nothing can be written, nothing can be said.
        assert!(said || fault.call == "write", "{status} and not a word:\n{log}");
    }

    /// The next start, without a fault.
    fn start_again(mut self) {
        self.server.launch();
        self.ledger.restart();
        let table = self.server.table_on_disk();
        assert!(self.ledger.allows(&table), "{table:#?} is on disk, not {:#?}", self.ledger);
        let last = [Ask::List, Ask::Reserve { show: 4, seats: 1 }];
        assert_eq!(self.ask_all(&last, 1), 0, "it does not serve:\n{}", self.server.log());
        self.server.stop();
    }
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
        let faults = faults(&trace::most_per_thread(&calls));
        let sweep = format!("errors-{}", stage.package());
        Sweep::new(&sweep, faults.len() as u64, ALL.len() as u32).run(|index| {
            let fault = &faults[index as usize];
            println!("{} suffers {fault:?}", stage.package());
            let mut run = Run::new(stage);
            let options = fault.options(&run.server);
            let options: Vec<&str> = options.iter().map(String::as_str).collect();
            let begin = Instant::now();
            let Some(traced) = run.server.launch_traced(name, &options) else { return };
            assert!(begin.elapsed() < HANG_MAX, "the start took {:?}", begin.elapsed());
            let trace = run.suffer(traced, fault);
            assert_no_sync_after_a_failed_one(&trace);
            run.start_again();
        });
    }
}
