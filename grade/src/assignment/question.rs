//! A question of an assignment: how its programs are built and started, and what they must show.

use std::collections::BTreeMap;

use anyhow::{Context, bail, ensure};
use regex::Regex;
use serde::Deserialize;

use crate::assignment::dialogue::Dialogue;
use crate::options::Door;

/// A question, as a table `[q2]` of the assignment file says it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// The folder in a submission; by default the question's name.
    pub folder: Option<String>,
    /// The command that builds, run by `sh -c`; by default what the files say.
    pub build: Option<String>,
    /// The server, argument by argument.
    #[serde(default)]
    pub server: Vec<String>,
    /// The client; `{host}` is where the server is. The wire door needs none.
    #[serde(default)]
    pub client: Vec<String>,
    /// Whether there is no server: one program forks.
    #[serde(default)]
    pub one_program: bool,
    /// The client's working directory; by default the server's.
    pub client_cwd: Option<String>,
    /// How one knows that the server can be asked.
    #[serde(default)]
    pub ready: Ready,
    /// What the question asks for.
    pub mechanism: Option<Mechanism>,
    /// Who must serve requests.
    #[serde(default)]
    pub workers: Workers,
    /// How many clients there are at once; 1: the question asks for one only.
    #[serde(default = "eight")]
    pub clients: u32,
    /// Whether requests are served in the order of their arrival.
    #[serde(default)]
    pub fifo: bool,
    /// Whether the table survives a restart.
    #[serde(default)]
    pub persistent: bool,
    /// By which doors it is asked.
    #[serde(default = "without_wire")]
    pub doors: Vec<Door>,
    /// How the server is reached by the protocol of the course; by default what `mechanism` says.
    pub wire: Option<Wire>,
    /// What a person types and sees. The wire door needs none.
    #[serde(default)]
    pub dialogue: Dialogue,
    /// Points of items, where they are not the usual ones; 0 takes an item out.
    #[serde(default)]
    pub points: BTreeMap<String, f64>,
}

impl Question {
    /// Whether it can be asked at all.
    ///
    /// # Errors
    /// Says which key is missing or wrong.
    pub fn check(&self) -> anyhow::Result<()> {
        if self.server.is_empty() && !self.one_program {
            bail!("it needs `server`, or one_program = true");
        }
        ensure!(self.clients > 0, "`clients` is 0");
        ensure!(!self.doors.is_empty(), "`doors` is empty");
        if let Ready::Line(pattern) = &self.ready {
            Regex::new(pattern).context("ready")?;
        }
        if self.doors.contains(&Door::Wire) {
            self.stage()?;
        }
        if self.doors == [Door::Wire] {
            return Ok(());
        }
        ensure!(!self.client.is_empty(), "`client` is empty");
        ensure!(!self.dialogue.reserve.is_empty(), "it needs a `dialogue` that reserves");
        let groups: Vec<&str> = self.dialogue.row.capture_names().flatten().collect();
        ensure!(groups.contains(&"show"), "dialogue.row has no group (?<show>...)");
        if !groups.contains(&"seats") {
            ensure!(
                self.dialogue.view.is_some(),
                "dialogue.row has no group (?<seats>...), and there is no dialogue.view"
            );
        }
        Ok(())
    }
}

impl Question {
    /// The stage of this project that is asked in the same bytes.
    ///
    /// # Errors
    /// If the question does not say how its server is reached.
    pub fn stage(&self) -> anyhow::Result<&'static str> {
        ensure!(!self.one_program, "one_program: the wire door asks a server");
        let wire = self.wire.or(self.mechanism.map(|mechanism| match mechanism {
            Mechanism::Pipe => Wire::Pipe,
            Mechanism::Queue => Wire::Queue,
            Mechanism::Socket => Wire::Socket,
        }));
        match wire {
            Some(Wire::Pipe) => Ok("q1-pipes"),
            Some(Wire::Queue) => Ok("q2-msgqueue"),
            Some(Wire::Socket) => Ok("q5-sockets"),
            Some(Wire::Dispatcher) => Ok("q6-watchdog"),
            None => bail!("the wire door needs `mechanism`, or `wire`"),
        }
    }
}

/// How a server of the protocol is reached.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Wire {
    /// Named pipes.
    Pipe,
    /// Two queues of System V.
    Queue,
    /// TCP.
    Socket,
    /// TCP, behind a dispatcher.
    Dispatcher,
}

/// How one knows that a server can be asked.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Ready {
    /// As the kernel sees it: it waits for a request.
    #[default]
    Auto,
    /// A line of its output matches this pattern.
    Line(String),
    /// This much time has passed.
    AfterMs(u64),
}

/// What carries requests and answers.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Mechanism {
    /// Pipes or FIFOs.
    Pipe,
    /// Message queues, of System V or POSIX.
    Queue,
    /// Sockets.
    Socket,
}

/// Who must serve requests.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Workers {
    /// Whoever likes to.
    #[default]
    Any,
    /// Two threads of one process.
    TwoThreads,
    /// A new thread for each request.
    ThreadPerRequest,
    /// A new process for each request.
    ProcessPerRequest,
}

fn without_wire() -> Vec<Door> {
    vec![Door::Outside, Door::Menu]
}

fn eight() -> u32 {
    8
}
