//! Whose figures a row of a table shows: a server's, or a baseline's.

use clap::ValueEnum;
use harness::stage::Mechanism;
use serde::{Deserialize, Serialize};

use crate::results::peer::Peer;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Row {
    /// A server of the box office, by its name: a stage's package, or a foreign program's file name.
    Server(String),
    /// A bare exchange.
    Baseline(Baseline),
    /// The write and fdatasync of 4 bytes, by the client itself.
    Disk,
    /// The table of shows, asked by a call in the client itself.
    InProcess,
    /// What people would install instead.
    Peer(Peer),
}

impl Row {
    /// Its name in every table.
    pub fn name(&self) -> String {
        match self {
            Row::Server(name) => name.clone(),
            Row::Baseline(baseline) => baseline.name(),
            Row::Disk => "bare write+fdatasync".to_owned(),
            Row::InProcess => "no IPC: the table".to_owned(),
            Row::Peer(peer) => peer.name().to_owned(),
        }
    }
}

/// The same bytes over the same mechanism, without a box office.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Baseline {
    /// How the bytes travel, and what serves them.
    pub exchange: Exchange,
    /// Whether each request waits for a write and an fdatasync, which all that wait share.
    pub group_commit: bool,
}

impl Baseline {
    /// The bare exchange alone.
    pub fn plain(exchange: Exchange) -> Baseline {
        Baseline { exchange, group_commit: false }
    }

    /// The bare exchange with group commit.
    pub fn group_commit(exchange: Exchange) -> Baseline {
        Baseline { exchange, group_commit: true }
    }

    /// Its name in every table.
    pub fn name(self) -> String {
        let commit = if self.group_commit { ", group commit" } else { "" };
        format!("{}{commit}", self.exchange.name())
    }
}

/// How a baseline's bytes travel, and what serves them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Exchange {
    /// A process that reads one FIFO and writes another.
    FifoPair,
    /// A process that receives from one queue and sends to another.
    TwoQueues,
    /// The same, with a detached thread for every message.
    ThreadPerMessage,
    /// The same, with a thread that std starts.
    StdThreadPerMessage,
    /// TCP connections that stay open, a thread for each.
    ThreadPerConnection,
    /// TCP connections that stay open, one thread with epoll for all.
    Epoll,
    /// The same, with io_uring.
    IoUring,
}

/// The stage that has one thread for all connections: it is compared with the bare loop.
pub const EVENT_LOOP: &str = "q9-events";

/// Those that servers are compared with, in the order of the stages.
pub const COMPARED: [Exchange; 5] = [
    Exchange::FifoPair,
    Exchange::TwoQueues,
    Exchange::ThreadPerMessage,
    Exchange::ThreadPerConnection,
    Exchange::Epoll,
];

impl Exchange {
    /// Its name in every table.
    pub fn name(self) -> &'static str {
        match self {
            Exchange::FifoPair => "bare FIFO pair",
            Exchange::TwoQueues => "bare two queues",
            Exchange::ThreadPerMessage => "bare thread per message",
            Exchange::StdThreadPerMessage => "bare std thread",
            Exchange::ThreadPerConnection => "bare TCP, thread each",
            Exchange::Epoll => "bare TCP, epoll",
            Exchange::IoUring => "bare TCP, io_uring",
        }
    }
}

/// How a server's clients reach it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// As q1-pipes.
    Pipes,
    /// As q2-msgqueue.
    Msgqueue,
    /// As q5-sockets; it is given --listen 127.0.0.1:0 too.
    Sockets,
    /// As q6-watchdog, likewise.
    Dispatcher,
    /// As q7-tls, likewise, with its authority in DIR/tls.
    Tls,
}

impl Protocol {
    /// The protocol of a mechanism.
    pub fn of(mechanism: Mechanism) -> Protocol {
        match mechanism {
            Mechanism::Pipes => Protocol::Pipes,
            Mechanism::Queues => Protocol::Msgqueue,
            Mechanism::Sockets => Protocol::Sockets,
            Mechanism::Dispatcher => Protocol::Dispatcher,
            Mechanism::Tls => Protocol::Tls,
        }
    }

    /// Its mechanism.
    pub fn mechanism(self) -> Mechanism {
        match self {
            Protocol::Pipes => Mechanism::Pipes,
            Protocol::Msgqueue => Mechanism::Queues,
            Protocol::Sockets => Mechanism::Sockets,
            Protocol::Dispatcher => Mechanism::Dispatcher,
            Protocol::Tls => Mechanism::Tls,
        }
    }
}
