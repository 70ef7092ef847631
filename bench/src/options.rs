//! The command line.

use std::path::PathBuf;

use ::tests::stage::Mechanism;
use clap::{Parser, Subcommand, ValueEnum};

use crate::bare::Bare;
use crate::door::DoorKind;

/// Measures every stage beside the bare exchange of the same bytes
#[derive(Clone, Debug, Parser)]
#[command(name = "bench")]
pub struct Options {
    /// Where report.md, report.html and results.json go
    #[arg(long, value_name = "DIR", default_value = "bench-report")]
    pub out: PathBuf,
    /// Stages to measure, by number or name, e.g. q2,q3; all by default
    #[arg(long, value_name = "STAGES", value_delimiter = ',')]
    pub stages: Vec<String>,
    /// Short segments: less than a minute, more noise
    #[arg(long)]
    pub quick: bool,
    /// How long each turn lasts; 400, or 30 with --quick
    #[arg(long, value_name = "MS")]
    pub segment: Option<u64>,
    /// Rounds of every group; 5, or 20 with --compare OLD_DIR NEW_DIR
    #[arg(long, value_name = "N")]
    pub rounds: Option<usize>,
    /// Only what needs no clock: memory, calls, switches, faults, allocations
    #[arg(long)]
    pub counts: bool,
    /// Only groups of measurements whose name contains this, e.g. durable
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub groups: String,
    /// Another server of the protocol, measured as one more row; may be given several times
    #[arg(long, value_name = "PATH", requires = "protocol")]
    pub server: Vec<PathBuf>,
    /// How each --server is reached
    #[arg(long, value_enum, requires = "server")]
    pub protocol: Vec<Protocol>,
    /// OLD NEW, two folders with built programs (target/release of two trees): measures them in turn
    /// and prints NEW / OLD. Or OLD alone, an earlier results.json of this machine: exit status 1 if
    /// a figure got worse by more than --threshold
    #[arg(long, value_names = ["OLD", "NEW"], num_args = 1..=2)]
    pub compare: Vec<PathBuf>,
    /// By how many percent a figure may get worse
    #[arg(long, value_name = "PERCENT", default_value_t = 25.0)]
    pub threshold: f64,
    /// Exit with 1 if a bar falls short, and name it
    #[arg(long)]
    pub check: bool,
    /// Idle connections of a stage with sockets, e.g. 10000 (raise `ulimit -n` first)
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub connections: usize,
    /// Directory with the programs, instead of building them
    #[arg(long, value_name = "DIR")]
    pub programs: Option<PathBuf>,
    /// What a client or a bare server of this program is started with
    #[command(subcommand)]
    pub part: Option<Part>,
}

/// How a server is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Protocol {
    /// As q1-pipes.
    Pipes,
    /// As q2-msgqueue.
    Msgqueue,
    /// As q5-sockets; it is given --listen 127.0.0.1:0 too.
    Sockets,
    /// As q6-watchdog, likewise.
    Dispatcher,
}

impl Protocol {
    /// The mechanism.
    pub fn mechanism(self) -> Mechanism {
        match self {
            Protocol::Pipes => Mechanism::Pipes,
            Protocol::Msgqueue => Mechanism::Queues,
            Protocol::Sockets => Mechanism::Sockets,
            Protocol::Dispatcher => Mechanism::Dispatcher,
        }
    }

    /// Its name on the command line and in the results.
    pub fn name(mechanism: Mechanism) -> &'static str {
        match mechanism {
            Mechanism::Pipes => "pipes",
            Mechanism::Queues => "msgqueue",
            Mechanism::Sockets => "sockets",
            Mechanism::Dispatcher => "dispatcher",
        }
    }
}

/// The other parts of this program, which it starts itself.
#[derive(Clone, Debug, Subcommand)]
pub enum Part {
    /// A client process
    #[command(hide = true)]
    Worker {
        /// How it reaches its server
        door: DoorKind,
        /// The server's directory
        dir: PathBuf,
        /// Which of the clients it is
        number: u32,
    },
    /// A bare server
    #[command(hide = true)]
    Bare {
        /// Which one
        bare: Bare,
        /// Its directory
        dir: PathBuf,
    },
    /// A process with many idle connections
    #[command(hide = true)]
    Idle {
        /// The server's directory
        dir: PathBuf,
        /// How many
        count: usize,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Options::command().debug_assert();
    }
}
