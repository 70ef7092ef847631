//! The command line.

use std::path::PathBuf;

use clap::Parser;

use crate::messages::Language;
use crate::scope::{Scope, Target};

/// Shows every queue, pipe, segment, socket, process and thread of a program, and what is stuck.
///
/// Without options it opens a screen with everything of yours. It changes nothing: it takes no
/// message, opens no FIFO and attaches to no process.
#[derive(Clone, Debug, Parser)]
#[command(name = "ipctop", after_help = AFTER)]
pub struct Options {
    /// A process, its descendants and whoever shares an object with them
    #[arg(long, value_name = "PID", conflicts_with_all = ["dir", "all"])]
    pub pid: Option<i32>,
    /// The box office in DIR: its processes and its clients
    #[arg(long, value_name = "DIR", conflicts_with = "all")]
    pub dir: Option<PathBuf>,
    /// Everything that may be seen, of all users
    #[arg(long)]
    pub all: bool,
    /// Print one look as text and end; it takes 0.2 s, to see who waits meanwhile
    #[arg(long)]
    pub once: bool,
    /// Print a look every SECONDS, such as 0.5, until Ctrl-C
    #[arg(long, value_name = "SECONDS", conflicts_with = "once", value_parser = seconds)]
    pub watch: Option<f64>,
    /// Print JSON instead of text, one object a line with --watch
    #[arg(long)]
    pub json: bool,
    /// Exit with status 1 if something is stuck; prints one look
    #[arg(long)]
    pub check: bool,
    /// The language of the sentences; the default is what LANG says
    #[arg(long, value_enum)]
    pub lang: Option<Language>,
    /// Do as if you had no right to trace: shows what is left to see then
    #[arg(long)]
    pub without_ptrace: bool,
}

const AFTER: &str = "\
Something hangs? Find its PID with ps, then:  ipctop --once --pid PID
Exit status: 0 done, 1 with --check if something is stuck, 2 usage or system error.";

impl Options {
    /// The scope that was asked for.
    pub fn scope(&self) -> Scope {
        let target = match (self.pid, &self.dir) {
            (Some(pid), _) => Target::Pid(pid),
            (None, Some(dir)) => Target::Dir(dir.clone()),
            (None, None) if self.all => Target::All,
            (None, None) => Target::Mine,
        };
        Scope {
            target,
            without_ptrace: self.without_ptrace,
            peeks: !self.prints_once(),
            with_memory: true,
            language: self.lang.unwrap_or_else(Language::of_environment),
        }
    }

    /// Whether one look is printed, and no screen opened.
    pub fn prints_once(&self) -> bool {
        self.watch.is_none() && (self.once || self.json || self.check)
    }
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(seconds) if (0.05..=86400.0).contains(&seconds) => Ok(seconds),
        _ => Err("a number of seconds from 0.05 to 86400".to_owned()),
    }
}
