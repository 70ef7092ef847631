//! A question of an assignment: how its programs are built and started, and what they must show.

use std::collections::BTreeMap;

use anyhow::{bail, ensure};
use serde::Deserialize;

use crate::assignment::dialogue::Dialogue;

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
    /// The client; `{host}` is where the server is.
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
    /// Whether it is on the disk before the answer is sent.
    #[serde(default)]
    pub durable: bool,
    /// What a person types and sees.
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
        ensure!(!self.client.is_empty(), "`client` is empty");
        ensure!(self.clients > 0, "`clients` is 0");
        ensure!(self.persistent || !self.durable, "durable = true needs persistent = true");
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

fn eight() -> u32 {
    8
}
