//! A figure of a server, divided by that of a baseline in the same round.

use serde::{Deserialize, Serialize};

use crate::results::group::{Group, Question};
use crate::results::row::{Baseline, Exchange, Row};
use crate::results::spread::Spread;
use crate::results::timing::Timing;

/// One quotient of each round.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ratio {
    /// The group.
    pub group: Group,
    /// The server.
    pub server: String,
    /// The bare exchange beside it.
    pub exchange: Exchange,
    /// What it is divided by.
    pub against: Against,
    /// Which figure is divided.
    pub figure: Figure,
    /// What is asked of the server.
    pub question: Question,
    /// One quotient per round.
    pub ratio: Spread,
    /// How many of these rounds were dirty.
    pub dirty_rounds: usize,
}

/// A figure of a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Figure {
    /// The median latency.
    P50,
    /// The 99th percentile of the latencies.
    P99,
    /// Requests per second: more is better.
    PerSecond,
}

impl Figure {
    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Figure::P50 => "p50",
            Figure::P99 => "p99",
            Figure::PerSecond => "per second",
        }
    }

    /// The figure of a timing, round by round.
    pub fn of(self, timing: &Timing) -> &Spread {
        match self {
            Figure::P50 => &timing.p50_us,
            Figure::P99 => &timing.p99_us,
            Figure::PerSecond => &timing.per_second,
        }
    }
}

/// What a server's figure is divided by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Against {
    /// The bare exchange, asked the same; a RESERVE is compared with its VIEW.
    Bare,
    /// The same with another kind of server behind it: std's threads, or epoll.
    BareBy(Exchange),
    /// The bare exchange with group commit.
    GroupCommit,
    /// The same, by std's threads.
    GroupCommitByStd,
    /// The loop of write and fdatasync.
    Disk,
    /// The sum of write, fdatasync and the bare exchange.
    DiskAndBare,
    /// The server's own VIEW.
    OwnView,
}

impl Against {
    /// The rows whose sum it is, beside this exchange, and what each of them is asked.
    pub fn rows(self, server: &str, beside: Exchange, question: Question) -> Vec<(Row, Question)> {
        let bare = |exchange| Row::Baseline(Baseline::plain(exchange));
        let commit = |exchange| Row::Baseline(Baseline::group_commit(exchange));
        let asked = if question == Question::Reserve { Question::View } else { question };
        match self {
            Against::Bare => vec![(bare(beside), asked)],
            Against::BareBy(exchange) => vec![(bare(exchange), asked)],
            Against::GroupCommit => vec![(commit(beside), Question::Reserve)],
            Against::GroupCommitByStd => {
                vec![(commit(Exchange::StdThreadPerMessage), Question::Reserve)]
            }
            Against::Disk => vec![(Row::Disk, Question::Reserve)],
            Against::DiskAndBare => {
                vec![(Row::Disk, Question::Reserve), (bare(beside), Question::View)]
            }
            Against::OwnView => vec![(Row::Server(server.to_owned()), Question::View)],
        }
    }

    /// In words.
    pub fn name(self, server: &str, beside: Exchange) -> String {
        if self == Against::OwnView {
            return "its own VIEW".to_owned();
        }
        let rows = self.rows(server, beside, Question::View);
        rows.iter().map(|(row, _)| row.name()).collect::<Vec<_>>().join(" + ")
    }
}
