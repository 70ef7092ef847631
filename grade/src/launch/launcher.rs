//! Starts programs of a submission, each in a session of its own, with nothing of ours open.

use std::io;
use std::process::{Command, Stdio};

use crate::launch::process::Process;
use crate::launch::program::{Program, Streams};
use crate::sys;

/// Starts programs.
#[derive(Debug, Default)]
pub struct Launcher {}

impl Launcher {
    /// One that starts programs as this process's user, with no box around them.
    pub fn bare() -> Launcher {
        Launcher {}
    }

    /// Starts a program. It dies with the thread that calls this.
    ///
    /// # Errors
    /// Those of fork(2) and execve(2): ENOENT, EACCES, ENOEXEC, EAGAIN and others.
    pub fn start(&self, program: &Program, streams: Streams) -> io::Result<Process> {
        let mut command = Command::new(&program.argv[0]);
        command.args(&program.argv[1..]).current_dir(&program.cwd);
        command.envs(program.env.iter().map(|(name, value)| (name, value)));
        let has_terminal = matches!(streams, Streams::Terminal(_));
        match streams {
            Streams::Terminal(slave) => {
                command.stdin(slave.try_clone()?).stdout(slave.try_clone()?).stderr(slave);
            }
            Streams::Log(file) => {
                command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
            }
        }
        sys::prepare(&mut command, has_terminal);
        command.spawn().map(Process::new)
    }
}

impl Launcher {
    /// stub
    pub fn processes(&self) -> Vec<i32> {
        let own = std::process::id() as i32;
        let rows = crate::kernel::processes::all();
        let mut found = vec![own];
        loop {
            let more: Vec<i32> = rows.iter().filter(|r| found.contains(&r.parent) && !found.contains(&r.pid)).map(|r| r.pid).collect();
            if more.is_empty() { break; }
            found.extend(more);
        }
        found.retain(|pid| *pid != own);
        found
    }
    /// stub
    pub fn end_everything(&self) -> io::Result<()> {
        for pid in self.processes() {
            let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGKILL);
        }
        Ok(())
    }
    /// stub
    pub fn leftovers(&self, _folder: &std::path::Path) -> io::Result<Vec<String>> {
        Ok(self.processes().iter().map(|pid| format!("process {pid}")).collect())
    }
}
