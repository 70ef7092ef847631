//! `results.json` as a whole: the table, the report, the bars and a later comparison read it.

use serde::{Deserialize, Serialize};

use crate::results::bar::Bar;
use crate::results::beside::Beside;
use crate::results::counts::{BaselineCounts, Connections, Encrypted, ServerCounts, Watched};
use crate::results::host::{Host, Method};
use crate::results::peer::PeerFacts;
use crate::results::ratio::Ratio;
use crate::results::timing::Timing;

/// The number of this schema; a file with another one is not compared.
pub const SCHEMA: u32 = 2;

/// A whole run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Results {
    /// [`SCHEMA`].
    pub schema: u32,
    /// Where and when: figures of two hosts are never compared.
    pub host: Host,
    /// How it was measured.
    pub method: Method,
    /// One row for each server, in the order of the stages, foreign servers last.
    pub servers: Vec<ServerCounts>,
    /// One row for each bare exchange that they are compared with.
    pub baselines: Vec<BaselineCounts>,
    /// What was measured with a clock: every combination of group, row and question.
    pub timings: Vec<Timing>,
    /// Each server against a baseline of the same rounds.
    pub ratios: Vec<Ratio>,
    /// Idle connections; empty where no stage with sockets was measured.
    pub connections: Vec<Connections>,
    /// Servers beside `ipctop --watch`; empty where neither q2 nor q5 was measured.
    #[serde(default)]
    pub watched: Vec<Watched>,
    /// What others notice of one client's load; empty where nobody asked for it.
    #[serde(default)]
    pub beside: Vec<Beside>,
    /// What was installed to be measured beside the servers; empty where nobody asked for it.
    #[serde(default)]
    pub peers: Vec<PeerFacts>,
    /// q7 beside q5; None where not both were measured.
    #[serde(default)]
    pub encrypted: Option<Encrypted>,
    /// What is demanded of the servers, and whether it holds.
    pub bars: Vec<Bar>,
}
