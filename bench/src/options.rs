//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::clients::wire::Wire;
use crate::results::beside::Burden;
use crate::results::row::{Exchange, Protocol};
use crate::target::Transport;

/// Measures every stage beside the bare exchange of the same bytes
#[derive(Clone, Debug, Parser)]
#[command(name = "bench")]
pub struct Options {
    /// Where report.md, report.html and results.json go
    #[arg(long, value_name = "DIR", default_value = "bench-report")]
    pub out: PathBuf,
    /// Stages to measure, by number or name, e.g. q2,q3; all by default, `none` for no stage
    #[arg(long, value_name = "STAGES", value_delimiter = ',')]
    pub stages: Vec<String>,
    /// Short trials: about a minute, more noise
    #[arg(long)]
    pub quick: bool,
    /// How long each trial lasts; 400, or 30 with --quick
    #[arg(long, value_name = "MS")]
    pub segment: Option<u64>,
    /// Rounds of every group; 5, or 20 with --compare OLD_DIR NEW_DIR
    #[arg(long, value_name = "N")]
    pub rounds: Option<usize>,
    /// Only what needs no clock: memory, calls, switches, faults, allocations
    #[arg(long)]
    pub counts: bool,
    /// Only groups of measurements whose name contains one of these, e.g. "durable,of 16"; `crowd` and
    /// `peers` run only if they are named
    #[arg(long, value_name = "TEXT", value_delimiter = ',')]
    pub groups: Vec<String>,
    /// Measures Redis, PostgreSQL and SQLite too, where they are installed: `--groups peers`
    #[arg(long)]
    pub peers: bool,
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
    /// All columns of the table, also those that do not fit 80 columns
    #[arg(long)]
    pub wide: bool,
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

impl Options {
    /// The groups that were asked for by name.
    pub fn wanted_groups(&self) -> Vec<String> {
        let peers = self.peers.then(|| "peers".to_owned());
        self.groups.iter().cloned().chain(peers).collect()
    }
}

/// The other parts of this program, which it starts itself.
#[derive(Clone, Debug, Subcommand)]
pub enum Part {
    /// A client process
    #[command(hide = true)]
    Client {
        /// How it reaches its server
        transport: Transport,
        /// The server's directory
        dir: PathBuf,
        /// Which of the clients it is
        number: u32,
    },
    /// A client process with many connections
    #[command(hide = true)]
    Multiplexed {
        /// What it sends
        wire: Wire,
        /// The server's directory
        dir: PathBuf,
        /// How many
        connections: usize,
    },
    /// A client process that has pgbench ask PostgreSQL
    #[command(hide = true)]
    Pgbench {
        /// The folder of PostgreSQL's programs
        programs: PathBuf,
        /// The server's directory
        dir: PathBuf,
        /// How many
        connections: usize,
    },
    /// A bare server
    #[command(hide = true)]
    Baseline {
        /// Which one
        exchange: Exchange,
        /// Its directory
        dir: PathBuf,
        /// Whether each request waits for a sync
        #[arg(long)]
        group_commit: bool,
    },
    /// A client that finds out whether the server does its work
    #[command(hide = true)]
    Verify {
        /// How it reaches its server
        protocol: Protocol,
        /// The server's directory
        dir: PathBuf,
    },
    /// A client process that is a burden to others
    #[command(hide = true)]
    Burden {
        /// What it does
        burden: Burden,
        /// The server's directory
        dir: PathBuf,
    },
    /// A process with many idle connections
    #[command(hide = true)]
    Idle {
        /// How they reach the server
        transport: Transport,
        /// The server's directory
        dir: PathBuf,
        /// How many
        count: usize,
    },
    /// ipctop, which looks at everything twice a second
    #[command(hide = true)]
    Watch,
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
