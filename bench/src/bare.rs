//! The bare exchanges: the same bytes between two processes, no table, no protocol work; they give
//! the figures of the stages a meaning.

pub mod commit;
pub mod disk;
pub mod epoll;
pub mod pipes;
pub mod queues;
pub mod sockets;
pub mod table;
pub mod threads;

use std::io::{Write, stdout};
use std::path::Path;

use anyhow::Context;
use clap::ValueEnum;
use common::protocol::reply::{REPLY_MAX, REPLY_SIZE};
use common::protocol::request::REQUEST_SIZE;

use crate::results::timing::Question;

/// Where a request says its kind: LIST has the long reply.
const KIND_AT: usize = 16;
/// Where it says whose it is.
const CLIENT_AT: usize = 4;

/// A bare server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Bare {
    /// A process that reads one FIFO and writes another.
    Pipes,
    /// A process that receives from one queue and sends to another.
    Msgqueue,
    /// The same, with a detached thread for every message.
    Thread,
    /// The same, with a thread that std starts.
    StdThread,
    /// A thread for every connection.
    Sockets,
    /// One thread for all connections.
    Epoll,
    /// FIFOs, with one sync for all that wait.
    PipesCommit,
    /// Queues, with one sync for all that wait.
    MsgqueueCommit,
    /// A detached thread for every message, with one sync for all that wait.
    ThreadCommit,
    /// The same, with a thread that std starts.
    StdThreadCommit,
    /// A thread for every connection, with one sync for all that wait.
    SocketsCommit,
}

impl Bare {
    /// The same exchange with group commit: what durable reservations of many clients cost by
    /// themselves.
    pub fn durable(self) -> Bare {
        match self {
            Bare::Pipes | Bare::PipesCommit => Bare::PipesCommit,
            Bare::Msgqueue | Bare::MsgqueueCommit => Bare::MsgqueueCommit,
            Bare::Thread | Bare::ThreadCommit => Bare::ThreadCommit,
            Bare::StdThread | Bare::StdThreadCommit => Bare::StdThreadCommit,
            Bare::Sockets | Bare::Epoll | Bare::SocketsCommit => Bare::SocketsCommit,
        }
    }
}

/// Serves until it is killed.
///
/// # Errors
/// If it cannot start, or the mechanism fails.
pub fn run(bare: Bare, dir: &Path) -> anyhow::Result<u8> {
    match bare {
        Bare::Pipes => pipes::serve(dir)?,
        Bare::Msgqueue => queues::serve(dir)?,
        Bare::Thread => threads::serve(dir)?,
        Bare::StdThread => threads::serve_by_std(dir)?,
        Bare::Sockets => sockets::serve()?,
        Bare::Epoll => epoll::serve()?,
        Bare::PipesCommit => pipes::serve_durably(dir)?,
        Bare::MsgqueueCommit => queues::serve_durably(dir)?,
        Bare::ThreadCommit => threads::serve_durably(dir)?,
        Bare::StdThreadCommit => threads::serve_durably_by_std(dir)?,
        Bare::SocketsCommit => sockets::serve_durably(dir)?,
    }
    Ok(0)
}

/// The request's bytes: what a stage's client sends, as far as a bare server looks at it.
fn request(question: Question, client: i32) -> [u8; REQUEST_SIZE] {
    let mut bytes = [0; REQUEST_SIZE];
    bytes[CLIENT_AT..CLIENT_AT + 4].copy_from_slice(&client.to_le_bytes());
    bytes[KIND_AT] = match question {
        Question::List => 1,
        Question::View => 2,
        Question::Reserve => 3,
    };
    bytes
}

/// Whose request it is.
fn client(request: &[u8]) -> i32 {
    let bytes = request[CLIENT_AT..CLIENT_AT + 4].try_into();
    i32::from_le_bytes(bytes.expect("these are four bytes"))
}

/// How long the reply is.
fn reply_size(request: &[u8]) -> usize {
    if request[KIND_AT] == 1 { REPLY_MAX } else { REPLY_SIZE }
}

/// How long the reply to a question is.
fn size_of_reply(question: Question) -> usize {
    if question == Question::List { REPLY_MAX } else { REPLY_SIZE }
}

/// Says the same as a stage's server.
fn ready(place: &str) -> anyhow::Result<()> {
    let mut stdout = stdout().lock();
    writeln!(stdout, "ready bare {place}")
        .and_then(|()| stdout.flush())
        .context("cannot write the ready line")
}
