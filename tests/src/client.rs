//! A client inside the test, of whatever stage: the stage's own library.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use common::client::ask::{Ask, Unanswered};
use common::client::options::ClientOptions;
use common::protocol::reply::{Reply, Status};

use crate::server::Server;
use crate::stage::{Mechanism, Stage};
use crate::{address, evidence, sys, wait};

/// Clients in tests wait longer than a user would, so that a slow machine fails no test.
pub const CLIENT_TIMEOUT: Duration = Duration::from_secs(20);

/// A client; it belongs to the thread that opened it.
#[derive(Debug)]
pub enum Client {
    /// One that uses named pipes.
    Pipes(Box<q1_pipes::client::Client>),
    /// One that uses the two message queues.
    Queues(Box<q2_msgqueue::client::Client>),
    /// One that uses a TCP connection.
    Sockets(q5_sockets::client::Client),
    /// One that asks a dispatcher first.
    Dispatched(Box<q6_watchdog::client::Client>),
    /// One that uses a TLS connection, and trusts the authority for trial.
    Tls(Box<q7_tls::client::Client>),
}

impl Client {
    /// Opens a client of the server in `dir`.
    ///
    /// # Errors
    /// If no server runs there.
    pub fn open(stage: Stage, dir: &Path, timeout: Duration) -> anyhow::Result<Client> {
        Client::open_by(stage.mechanism(), dir, timeout)
    }

    /// Opens a client of a server in `dir` that is reached by this mechanism, whoever wrote it.
    ///
    /// # Errors
    /// If no server runs there.
    pub fn open_by(mechanism: Mechanism, dir: &Path, timeout: Duration) -> anyhow::Result<Client> {
        let timeout = wait::at_most(timeout);
        match mechanism {
            Mechanism::Pipes => {
                let client = q1_pipes::client::Client::open(dir, timeout);
                client.map(Box::new).map(Client::Pipes)
            }
            Mechanism::Queues => {
                let client = q2_msgqueue::client::Client::open(dir, timeout);
                client.map(Box::new).map(Client::Queues)
            }
            Mechanism::Sockets => {
                q5_sockets::client::Client::open(&address::of(dir), timeout).map(Client::Sockets)
            }
            Mechanism::Dispatcher => {
                let client = q6_watchdog::client::Client::open(&address::of(dir), timeout);
                client.map(Box::new).map(Client::Dispatched)
            }
            Mechanism::Tls => {
                let client = q7_tls::client::open(&trusting_trial(dir, timeout));
                client.map(Box::new).map(Client::Tls)
            }
        }
    }

    /// Asks, and waits for the answer.
    ///
    /// # Errors
    /// If there is none.
    pub fn ask(&mut self, ask: Ask) -> Result<&Reply, Unanswered> {
        match self {
            Client::Pipes(client) => client.ask(ask),
            Client::Queues(client) => client.ask(ask),
            Client::Sockets(client) => client.ask(ask),
            Client::Dispatched(client) => client.ask(ask),
            Client::Tls(client) => client.ask(ask),
        }
    }

    /// Asks, and fails the test if there is no answer.
    ///
    /// # Panics
    /// If there is none.
    pub fn expect_reply(&mut self, ask: Ask) -> &Reply {
        self.expect_reply_to(ask, &evidence::asked(ask))
    }

    /// The same, where it needs more words to say what was sent.
    ///
    /// # Panics
    /// If there is none.
    pub fn expect_reply_to(&mut self, ask: Ask, sent: &str) -> &Reply {
        match self.ask(ask) {
            Ok(reply) => reply,
            Err(error) => evidence::fail(sent, "a reply", format!("none: {error}")),
        }
    }

    /// The seats left on a show.
    ///
    /// # Panics
    /// If the server does not say.
    pub fn view(&mut self, show: i32) -> i32 {
        let ask = Ask::View { show };
        let reply = self.expect_reply(ask);
        evidence::same(evidence::asked(ask), Some(Status::Ok), reply.status());
        reply.seats.get()
    }

    /// Reserves; the status and the seats left.
    ///
    /// # Panics
    /// If the server does not answer.
    pub fn reserve(&mut self, show: i32, seats: i32) -> (Status, i32) {
        let ask = Ask::Reserve { show, seats };
        let reply = self.expect_reply(ask);
        match reply.status() {
            Some(status) => (status, reply.seats.get()),
            None => evidence::fail(evidence::asked(ask), "a known status", reply.status),
        }
    }
}

/// The options of a client that trusts the authority of the server's DIR.
pub fn trusting_trial(dir: &Path, timeout: Duration) -> q7_tls::options::ClientOptions {
    let dir_of_server = dir.to_owned();
    let common = ClientOptions { dir: dir_of_server, timeout, json: false, command: None };
    let connect = address::of(dir);
    q7_tls::options::ClientOptions { common, connect, ca: None, cert: None, key: None }
}

impl Server {
    /// A client in this thread, which can have only one at a time: its id is where replies go.
    ///
    /// # Panics
    /// If it finds no server.
    pub fn client(&self) -> Client {
        let opened = Client::open(self.stage(), &self.dir(), CLIENT_TIMEOUT);
        opened.unwrap_or_else(|error| {
            evidence::fail("nothing yet", "a server that can be opened", format!("{error:#}"))
        })
    }

    /// A run of the stage's client program, which has not started yet.
    pub fn client_program(&self, words: &[&str]) -> Command {
        let mut command = Command::new(self.stage().client());
        command.arg("--dir").arg(self.dir());
        if self.stage().mechanism().has_address() {
            command.arg("--connect").arg(address::of(&self.dir()));
        }
        command.args(words);
        sys::tie_to_this_thread(&mut command);
        command
    }
}
