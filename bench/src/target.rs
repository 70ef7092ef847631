//! What is measured: a stage's server, somebody else's, or a baseline.

pub mod peers;
pub mod process;
pub mod programs;
pub mod server;

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use harness::stage::{Mechanism, Stage};

use crate::results::peer::Peer;
use crate::results::row::{Baseline, EVENT_LOOP, Exchange, Protocol, Row};

/// One of them.
#[derive(Clone, Debug)]
pub struct Target {
    /// Whose figures they are.
    pub row: Row,
    /// What answers.
    pub kind: Kind,
}

/// What answers the questions.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A server of the box office.
    Server(Program),
    /// A bare server.
    Baseline(Baseline),
    /// The client process itself writes and syncs.
    Disk,
    /// The client process itself asks the table.
    InProcess,
    /// What people would install instead, and where its programs are.
    Peer(Peer, PathBuf),
}

/// A server's program.
#[derive(Clone, Debug)]
pub struct Program {
    /// Where it is.
    pub path: PathBuf,
    /// How its clients reach it.
    pub protocol: Protocol,
    /// Which stage it is; None for a foreign one.
    pub stage: Option<Stage>,
    /// Whether it was seen to sync; where this machine cannot see that, a stage is trusted.
    pub syncs: bool,
    /// How much it logs, where that is not what its group says; for stages only.
    pub log_level: Option<&'static str>,
}

/// How a client process reaches a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Transport {
    /// q1's client.
    Pipes,
    /// q2's client, for q3 and q4 too.
    Msgqueue,
    /// q5's client.
    Sockets,
    /// q6's client.
    Dispatcher,
    /// q7's client.
    Tls,
    /// A FIFO there and one back.
    BareFifos,
    /// A queue there and one back.
    BareQueues,
    /// A connection that stays open.
    BareTcp,
    /// A write and an fdatasync, by the client itself.
    Disk,
    /// The table, in the client itself.
    InProcess,
}

impl Target {
    /// A stage's server.
    pub fn stage(stage: Stage, path: PathBuf) -> Target {
        let protocol = Protocol::of(stage.mechanism());
        let program = Program { path, protocol, stage: Some(stage), syncs: true, log_level: None };
        Target { row: Row::Server(stage.package().to_owned()), kind: Kind::Server(program) }
    }

    /// A server that somebody else wrote.
    pub fn foreign(path: PathBuf, protocol: Protocol) -> Target {
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        let program = Program { path, protocol, stage: None, syncs: true, log_level: None };
        Target { row: Row::Server(name), kind: Kind::Server(program) }
    }

    /// A stage's plain server, which stands beside its server.
    pub fn plain(stage: Stage, server: &Path) -> Target {
        let path = server.with_file_name(format!("{}-plain", stage.package()));
        let row = Row::Server(format!("{}, plain", stage.package()));
        Target { row, ..Target::stage(stage, path) }
    }

    /// The same server, which logs each reservation: that is the default of all stages.
    pub fn at_info(mut self) -> Target {
        self.row = Row::Server(format!("{}, log info", self.name()));
        if let Kind::Server(program) = &mut self.kind {
            program.log_level = Some("info");
        }
        self
    }

    /// What people would install instead.
    pub fn peer(peer: Peer, programs: PathBuf) -> Target {
        Target { row: Row::Peer(peer), kind: Kind::Peer(peer, programs) }
    }

    /// The same under a name that tells it from another one of its name.
    pub fn numbered(self, number: usize) -> Target {
        Target { row: Row::Server(format!("{} ({number})", self.name())), ..self }
    }

    /// A bare server.
    pub fn baseline(baseline: Baseline) -> Target {
        Target { row: Row::Baseline(baseline), kind: Kind::Baseline(baseline) }
    }

    /// The bare write and fdatasync.
    pub fn disk() -> Target {
        Target { row: Row::Disk, kind: Kind::Disk }
    }

    /// The table without IPC.
    pub fn in_process() -> Target {
        Target { row: Row::InProcess, kind: Kind::InProcess }
    }

    /// Its name in every table.
    pub fn name(&self) -> String {
        self.row.name()
    }

    /// Its program, if it is a server of the box office.
    pub fn program(&self) -> Option<&Program> {
        match &self.kind {
            Kind::Server(program) => Some(program),
            Kind::Baseline(_) | Kind::Disk | Kind::InProcess | Kind::Peer(..) => None,
        }
    }

    /// Which stage it is.
    pub fn which(&self) -> Option<Stage> {
        self.program()?.stage
    }

    /// The bare exchange that a server is compared with.
    pub fn exchange(&self) -> Option<Exchange> {
        let program = self.program()?;
        Some(match (program.stage, program.protocol.mechanism()) {
            (Some(Stage::Q4ThreadPerRequest), _) => Exchange::ThreadPerMessage,
            (Some(stage), _) if stage.package() == EVENT_LOOP => Exchange::Epoll,
            (_, Mechanism::Pipes) => Exchange::FifoPair,
            (_, Mechanism::Queues) => Exchange::TwoQueues,
            (_, Mechanism::Sockets | Mechanism::Dispatcher | Mechanism::Tls) => {
                Exchange::ThreadPerConnection
            }
        })
    }

    /// How a client process reaches it; None if only clients with many connections do.
    pub fn transport(&self) -> Option<Transport> {
        Some(match &self.kind {
            Kind::Server(program) => match program.protocol {
                Protocol::Pipes => Transport::Pipes,
                Protocol::Msgqueue => Transport::Msgqueue,
                Protocol::Sockets => Transport::Sockets,
                Protocol::Dispatcher => Transport::Dispatcher,
                Protocol::Tls => Transport::Tls,
            },
            Kind::Baseline(baseline) => match baseline.exchange {
                Exchange::FifoPair => Transport::BareFifos,
                Exchange::TwoQueues
                | Exchange::ThreadPerMessage
                | Exchange::StdThreadPerMessage => Transport::BareQueues,
                Exchange::ThreadPerConnection | Exchange::Epoll | Exchange::IoUring => {
                    Transport::BareTcp
                }
            },
            Kind::Disk => Transport::Disk,
            Kind::InProcess => Transport::InProcess,
            Kind::Peer(..) => return None,
        })
    }
}
