//! The stages under test, and where their programs are.

use std::env;
use std::path::PathBuf;

use anyhow::Context;

use crate::say::say;
use crate::verdict;

/// A stage that keeps the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// q1-pipes
    Q1Pipes,
    /// q2-msgqueue
    Q2Msgqueue,
    /// q3-threads
    Q3Threads,
    /// q4-thread-per-request
    Q4ThreadPerRequest,
    /// q5-sockets
    Q5Sockets,
    /// q6-watchdog
    Q6Watchdog,
    /// q7-tls
    Q7Tls,
    /// q9-events
    Q9Events,
}

/// All of them.
pub const ALL: [Stage; 8] = [
    Stage::Q1Pipes,
    Stage::Q2Msgqueue,
    Stage::Q3Threads,
    Stage::Q4ThreadPerRequest,
    Stage::Q5Sockets,
    Stage::Q6Watchdog,
    Stage::Q7Tls,
    Stage::Q9Events,
];

/// How a stage's clients reach its server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mechanism {
    /// Named pipes.
    Pipes,
    /// Two System V message queues.
    Queues,
    /// TCP.
    Sockets,
    /// TCP, behind a dispatcher.
    Dispatcher,
    /// TLS over TCP.
    Tls,
}

impl Mechanism {
    /// Whether a request is also told by the place it comes in at, and can come in at a wrong one.
    pub fn has_places(self) -> bool {
        match self {
            Mechanism::Pipes | Mechanism::Queues | Mechanism::Dispatcher => true,
            Mechanism::Sockets | Mechanism::Tls => false,
        }
    }

    /// Whether clients find the server through its DIR; if so, they look whose it is.
    pub fn is_found_through_dir(self) -> bool {
        match self {
            Mechanism::Pipes | Mechanism::Queues => true,
            Mechanism::Sockets | Mechanism::Dispatcher | Mechanism::Tls => false,
        }
    }

    /// Whether the server is reached at an address, which its ready line says.
    pub fn has_address(self) -> bool {
        !self.is_found_through_dir()
    }

    /// Whether a reservation that finds everything stopped has certainly not been made: it went no
    /// further than to a dispatcher, or to a handshake.
    pub fn asks_where_first(self) -> bool {
        matches!(self, Mechanism::Dispatcher | Mechanism::Tls)
    }

    /// How a client begins to say that there is no server.
    pub fn not_found(self) -> &'static str {
        match self {
            Mechanism::Pipes | Mechanism::Queues => "client: cannot open ",
            Mechanism::Sockets | Mechanism::Dispatcher | Mechanism::Tls => {
                "client: cannot connect to "
            }
        }
    }
}

impl Stage {
    /// The stage whose package has this name.
    ///
    /// # Errors
    /// Names it, if there is none.
    pub fn named(package: &str) -> anyhow::Result<Stage> {
        let found = ALL.into_iter().find(|stage| stage.package() == package);
        found.with_context(|| format!("no stage is named {package}"))
    }

    /// The package's name.
    pub fn package(self) -> &'static str {
        match self {
            Stage::Q1Pipes => "q1-pipes",
            Stage::Q2Msgqueue => "q2-msgqueue",
            Stage::Q3Threads => "q3-threads",
            Stage::Q4ThreadPerRequest => "q4-thread-per-request",
            Stage::Q5Sockets => "q5-sockets",
            Stage::Q6Watchdog => "q6-watchdog",
            Stage::Q7Tls => "q7-tls",
            Stage::Q9Events => "q9-events",
        }
    }

    /// How clients reach the server.
    pub fn mechanism(self) -> Mechanism {
        match self {
            Stage::Q1Pipes => Mechanism::Pipes,
            Stage::Q2Msgqueue | Stage::Q3Threads | Stage::Q4ThreadPerRequest => Mechanism::Queues,
            Stage::Q5Sockets | Stage::Q9Events => Mechanism::Sockets,
            Stage::Q6Watchdog => Mechanism::Dispatcher,
            Stage::Q7Tls => Mechanism::Tls,
        }
    }

    /// The system call by which a reply leaves.
    pub fn reply_call(self) -> &'static str {
        match self.mechanism() {
            Mechanism::Pipes => "write(",
            Mechanism::Queues => "msgsnd(",
            Mechanism::Sockets | Mechanism::Dispatcher | Mechanism::Tls => "sendto(",
        }
    }

    /// The names of the server's threads at rest, a process's first thread first, sorted.
    pub fn threads(self) -> &'static [&'static str] {
        match self {
            Stage::Q1Pipes => &["q1 consult", "q1 reserve", "q1 server"],
            Stage::Q2Msgqueue => &["q2 consult", "q2 reserve", "q2 server"],
            Stage::Q3Threads => &["q3 consult", "q3 reserve", "q3 server"],
            Stage::Q4ThreadPerRequest => &["q4 commit", "q4 server", "q4 signals"],
            Stage::Q5Sockets => &["q5 accept", "q5 commit", "q5 server"],
            Stage::Q6Watchdog => &[
                "q6 accept",
                "q6 accept",
                "q6 accept",
                "q6 commit",
                "q6 consult",
                "q6 dispatch",
                "q6 reserve",
                "q6 watchdog",
            ],
            Stage::Q7Tls => &["q7 accept", "q7 commit", "q7 server"],
            Stage::Q9Events => &["q9 commit", "q9 server"],
        }
    }

    /// How many processes these threads belong to.
    pub fn processes(self) -> usize {
        match self {
            Stage::Q1Pipes | Stage::Q2Msgqueue => 3,
            Stage::Q3Threads | Stage::Q4ThreadPerRequest | Stage::Q5Sockets => 1,
            Stage::Q6Watchdog => 4,
            Stage::Q7Tls => 1,
            Stage::Q9Events => 1,
        }
    }

    /// The first thread of the process that decides and writes reservations.
    pub fn office(self) -> &'static str {
        match self {
            Stage::Q1Pipes => "q1 reserve",
            Stage::Q2Msgqueue => "q2 reserve",
            Stage::Q3Threads => "q3 server",
            Stage::Q4ThreadPerRequest => "q4 server",
            Stage::Q5Sockets => "q5 server",
            Stage::Q6Watchdog => "q6 reserve",
            Stage::Q7Tls => "q7 server",
            Stage::Q9Events => "q9 server",
        }
    }

    /// Whether the server goes on without one of its worker processes, and starts another.
    pub fn restarts_workers(self) -> bool {
        match self {
            Stage::Q1Pipes
            | Stage::Q2Msgqueue
            | Stage::Q3Threads
            | Stage::Q4ThreadPerRequest
            | Stage::Q5Sockets
            | Stage::Q7Tls
            | Stage::Q9Events => false,
            Stage::Q6Watchdog => true,
        }
    }

    /// The names of the two processes that share the table under a lock, the one that serves
    /// consultations first; None where no two processes do.
    pub fn sharers(self) -> Option<[&'static str; 2]> {
        match self {
            Stage::Q1Pipes => Some(["q1 consult", "q1 reserve"]),
            Stage::Q2Msgqueue => Some(["q2 consult", "q2 reserve"]),
            Stage::Q3Threads | Stage::Q4ThreadPerRequest | Stage::Q5Sockets | Stage::Q7Tls => None,
            Stage::Q6Watchdog => Some(["q6 consult", "q6 reserve"]),
            Stage::Q9Events => None,
        }
    }

    /// This stage's client.
    pub fn client(self) -> PathBuf {
        // The stages with queues share one client.
        match self.mechanism() {
            Mechanism::Pipes => program("q1-pipes-client"),
            Mechanism::Queues => program("q2-msgqueue-client"),
            // Their clients differ in the address that they try first.
            Mechanism::Sockets => program(&format!("{}-client", self.package())),
            Mechanism::Dispatcher => program("q6-watchdog-client"),
            Mechanism::Tls => program("q7-tls-client"),
        }
    }
}

/// Whether a test can be asked of the server: those that need more than the protocol are left out
/// for a foreign one.
///
/// What is left out is said by name, past the test runner's capture.
pub fn is_ours(test: &str) -> bool {
    let is_ours = env::var_os("SPECTACLES_SERVER").is_none();
    if !is_ours {
        verdict::left_out(test, "it asks for more than the protocol");
    }
    is_ours
}

/// Says that this machine cannot run a test, past the test runner's capture.
pub fn skip(test: &str, needs: &str) {
    say(&format!("skipped {test}: needs {needs}"));
}

/// A program that cargo has built together with the running test.
///
/// # Panics
/// If the running program is no test of this workspace.
pub fn program(name: &str) -> PathBuf {
    let test = env::current_exe().expect("a test knows its own path");
    let folder = test.parent().expect("a program stands in a folder");
    // A test stands in target/PROFILE/deps or in another folder of target/PROFILE, where the
    // programs are; one of these programs stands beside the others.
    let beside = folder.join(name);
    if beside.exists() { beside } else { folder.with_file_name(name) }
}
