//! The end of a server: how it is asked for, and whether it has come. A server may be a daemon.

use std::process::ExitStatus;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::judge::course::Asked;
use crate::judge::scene::Scene;
use crate::kernel::processes;
use crate::launch::process::Process;
use crate::verdict::item::Ruling;
use crate::words::text;

impl Scene<'_> {
    /// How the server has ended, if it has. A daemon lives on when what was started has ended.
    ///
    /// # Errors
    /// If that cannot be known.
    pub fn server_end(&mut self) -> Asked<Option<ExitStatus>> {
        let status = match self.server.as_mut().map(Process::status).transpose() {
            Ok(status) => status.flatten(),
            Err(error) => return self.course.cannot("wait for the server", &error),
        };
        let lives = || processes::all().iter().any(|row| self.workers.contains(&row.pid));
        Ok(status.filter(|_| !lives()))
    }

    /// Asks the server to end, by Ctrl-C or a signal; the signal. Ctrl-C does not reach a daemon.
    ///
    /// # Errors
    /// If it cannot be sent.
    pub fn ask_to_end(&mut self, signal: Signal) -> Asked<Signal> {
        let Some(server) = &mut self.server else { return Ok(signal) };
        let sent = match (server.status(), signal) {
            (Err(error), _) => Err(error),
            (Ok(Some(_)), _) => {
                return match first_of(&self.workers).map(|pid| kill(pid, Signal::SIGTERM)) {
                    None | Some(Ok(())) => Ok(Signal::SIGTERM),
                    Some(Err(error)) => self.course.cannot("send a signal", &error),
                };
            }
            (Ok(None), Signal::SIGINT) => server.interrupt(),
            (Ok(None), signal) => server.signal(signal),
        };
        match sent {
            Ok(()) => Ok(signal),
            Err(error) => self.course.cannot("send a signal", &error),
        }
    }

    /// What was lost, and that the server had ended, if so: then nobody could be served.
    pub fn with_its_end(&mut self, mut lost: Box<Ruling>) -> Box<Ruling> {
        let Ok(Some(status)) = self.server_end() else { return lost };
        let words = self.course.words;
        let values = [("status", text(words.status(status))), ("cause", text(lost.cause))];
        lost.cause = words.say_with("fault-server-gone", &values);
        lost.hint = words.hint("fault-server-gone").unwrap_or_default();
        for line in self.last_words() {
            if !lost.evidence.contains(&line) {
                lost.evidence.push(line);
            }
        }
        lost
    }
}

/// The process of a daemon that is the ancestor of the others: none of them is its parent.
fn first_of(workers: &[i32]) -> Option<Pid> {
    let rows = processes::all();
    let is_first =
        |row: &&processes::Row| workers.contains(&row.pid) && !workers.contains(&row.parent);
    rows.iter().filter(is_first).min_by_key(|row| row.started).map(|row| Pid::from_raw(row.pid))
}
