//! Starts programs of a submission, each in a session of its own, with nothing of ours open.

use std::fs::File;
use std::io;

use crate::launch::child::{self, Descriptors};
use crate::launch::children::Children;
use crate::launch::plan::Plan;
use crate::launch::process::Process;
use crate::launch::program::{Program, Streams};
use crate::launch::walls::Walls;

/// Starts programs. Copies start them in the same place.
#[derive(Clone, Debug, Default)]
pub struct Launcher {
    walls: Option<Walls>,
    children: Children,
}

impl Launcher {
    /// One that starts programs as this process's user, with no box around them.
    pub fn bare() -> Launcher {
        Launcher::default()
    }

    /// One that starts programs behind walls.
    pub(crate) fn behind(walls: Walls, children: Children) -> Launcher {
        Launcher { walls: Some(walls), children }
    }

    /// What is around the programs: "namespaces", or "none".
    pub fn isolation(&self) -> &'static str {
        if self.walls.is_some() { "namespaces" } else { "none" }
    }

    /// What is around the programs.
    pub(crate) fn walls(&self) -> Option<&Walls> {
        self.walls.as_ref()
    }

    /// Starts a program. Outside of a box it dies with the thread that calls this.
    ///
    /// # Errors
    /// Those of fork(2) and execve(2): ENOENT, EACCES, ENOEXEC, EAGAIN and others.
    pub fn start(&self, program: &Program, streams: Streams) -> io::Result<Process> {
        let plan = Plan::new(program, self.walls.as_ref())?;
        let streams = match streams {
            Streams::Terminal(terminal) => {
                Descriptors { input: terminal.try_clone()?, output: terminal, has_terminal: true }
            }
            Streams::Log(file) => Descriptors {
                input: File::open("/dev/null")?.into(),
                output: file.into(),
                has_terminal: false,
            },
        };
        let mut known = self.children.hold();
        let started = child::start(&plan, streams)?;
        known.insert(started.program.as_raw());
        drop(known);
        Ok(Process::new(started, self.children.clone()))
    }
}
