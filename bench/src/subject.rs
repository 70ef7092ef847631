//! What is measured: a stage's server, somebody else's, or a bare exchange.

use std::path::PathBuf;

use harness::stage::{Mechanism, Stage};

use crate::bare::Bare;
use crate::door::DoorKind;

/// One of them.
#[derive(Clone, Debug)]
pub struct Subject {
    /// Its name in every table.
    pub name: String,
    /// What answers.
    pub kind: Kind,
}

/// What answers the questions.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A server of the box office.
    Server {
        /// The program.
        program: PathBuf,
        /// How it is reached.
        mechanism: Mechanism,
        /// Which stage it is; None for a foreign one.
        stage: Option<Stage>,
    },
    /// A bare server.
    Bare(Bare),
    /// The client process itself writes and syncs.
    Disk,
    /// The client process itself asks the table.
    Table,
}

impl Subject {
    /// A stage's server.
    pub fn stage(stage: Stage, program: PathBuf) -> Subject {
        let mechanism = stage.mechanism();
        let kind = Kind::Server { program, mechanism, stage: Some(stage) };
        Subject { name: stage.package().to_owned(), kind }
    }

    /// A server that somebody else wrote.
    pub fn foreign(program: PathBuf, mechanism: Mechanism) -> Subject {
        let name = program.file_name().unwrap_or(program.as_os_str());
        let name = name.to_string_lossy().into_owned();
        Subject { name, kind: Kind::Server { program, mechanism, stage: None } }
    }

    /// A bare server.
    pub fn bare(bare: Bare) -> Subject {
        let exchange = match bare {
            Bare::Pipes | Bare::PipesCommit => "bare FIFO pair",
            Bare::Msgqueue | Bare::MsgqueueCommit => "bare two queues",
            Bare::Thread | Bare::ThreadCommit => "bare thread per message",
            Bare::StdThread | Bare::StdThreadCommit => "std thread per message",
            Bare::Sockets | Bare::SocketsCommit => "bare kept-open TCP",
            Bare::Epoll => "bare epoll, one thread",
        };
        let commits = bare == bare.durable();
        let name = if commits { group_commit(exchange) } else { exchange.to_owned() };
        Subject { name, kind: Kind::Bare(bare) }
    }

    /// The bare write and fdatasync.
    pub fn disk() -> Subject {
        Subject { name: "bare write + fdatasync".to_owned(), kind: Kind::Disk }
    }

    /// The table without IPC.
    pub fn table() -> Subject {
        Subject { name: "no IPC: the table".to_owned(), kind: Kind::Table }
    }

    /// The bare exchange that a server is compared with.
    pub fn floor(&self) -> Option<Bare> {
        let Kind::Server { mechanism, stage, .. } = &self.kind else { return None };
        Some(match (mechanism, stage) {
            (_, Some(Stage::Q4ThreadPerRequest)) => Bare::Thread,
            (Mechanism::Pipes, _) => Bare::Pipes,
            (Mechanism::Queues, _) => Bare::Msgqueue,
            (Mechanism::Sockets | Mechanism::Dispatcher, _) => Bare::Sockets,
        })
    }

    /// Its mechanism, if it is a server of the box office.
    pub fn mechanism(&self) -> Option<Mechanism> {
        match self.kind {
            Kind::Server { mechanism, .. } => Some(mechanism),
            Kind::Bare(_) | Kind::Disk | Kind::Table => None,
        }
    }

    /// Which stage it is.
    pub fn which(&self) -> Option<Stage> {
        match self.kind {
            Kind::Server { stage, .. } => stage,
            Kind::Bare(_) | Kind::Disk | Kind::Table => None,
        }
    }

    /// How clients reach it.
    pub fn door(&self) -> DoorKind {
        match &self.kind {
            Kind::Server { mechanism: Mechanism::Pipes, .. } => DoorKind::Pipes,
            Kind::Server { mechanism: Mechanism::Queues, .. } => DoorKind::Msgqueue,
            Kind::Server { mechanism: Mechanism::Sockets, .. } => DoorKind::Sockets,
            Kind::Server { mechanism: Mechanism::Dispatcher, .. } => DoorKind::Dispatcher,
            Kind::Bare(Bare::Pipes | Bare::PipesCommit) => DoorKind::BarePipes,
            Kind::Bare(Bare::Sockets | Bare::Epoll | Bare::SocketsCommit) => DoorKind::BareSockets,
            Kind::Bare(_) => DoorKind::BareMsgqueue,
            Kind::Disk => DoorKind::Disk,
            Kind::Table => DoorKind::Table,
        }
    }
}

/// The name of a bare exchange with group commit.
pub fn group_commit(exchange: &str) -> String {
    format!("{exchange}, group commit")
}
