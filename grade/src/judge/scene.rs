//! A server of the submission that runs, in a fresh copy of its files, and clients for it.

use std::fs::{self, File};
use std::path::PathBuf;

use nix::sys::signal::Signal;

use crate::dialogue::client::Client;
use crate::judge::course::{Asked, Course};
use crate::judge::hearing;
use crate::launch::process::Process;
use crate::launch::program::{Program, Streams};
use crate::readiness;
use crate::words::text;

/// The last lines of a server's output that are evidence.
const LOG_LINES: usize = 8;

/// A server that runs, if the question has one, and where its clients work.
#[derive(Debug)]
pub struct Scene<'a> {
    course: &'a Course<'a>,
    /// The fresh copy.
    pub folder: PathBuf,
    log: PathBuf,
    /// None in a question of one program.
    pub server: Option<Process>,
}

impl<'a> Scene<'a> {
    /// Starts the server, and waits until it can be asked.
    ///
    /// # Errors
    /// What the submission lost by: it does not start, or does not get ready.
    pub fn start(course: &'a Course<'a>) -> Asked<Scene<'a>> {
        end_everything(course)?;
        let folder = course.fresh_copy()?;
        let log = course.scratch.join("server.log");
        let mut scene = Scene { course, folder, log, server: None };
        if !course.question.one_program {
            scene.start_server()?;
        }
        Ok(scene)
    }

    /// Starts the server once more, in the same folder.
    ///
    /// # Errors
    /// As for [`Scene::start`].
    pub fn start_server(&mut self) -> Asked<()> {
        let course = self.course;
        let argv: Vec<_> = course.question.server.iter().map(Into::into).collect();
        let program = Program { argv, cwd: self.folder.clone(), env: Vec::new() };
        let log = match File::create(&self.log) {
            Ok(log) => log,
            Err(error) => return course.cannot("make a log file", &error),
        };
        let started = course.launcher.start(&program, Streams::Log(log));
        let command = text(course.question.server.join(" "));
        let mut process = match started {
            Ok(process) => process,
            Err(error) => {
                let values = [("command", command), ("error", text(error.to_string()))];
                return course.fail("fault-not-started", &values);
            }
        };
        let ready =
            readiness::wait(&mut process, &course.question.ready, &self.log, course.patience);
        self.server = Some(process);
        match ready {
            Ok(()) => Ok(()),
            Err(not_ready) => Err(Box::new(
                hearing::not_ready(course, &not_ready).with_lines(self.last_words()),
            )),
        }
    }

    /// A client at its menu.
    ///
    /// # Errors
    /// What the submission lost by: the client does not start, ends, floods or is silent.
    pub fn client(&self, name: &str) -> Asked<Client<'a>> {
        let course = self.course;
        let cwd = match &course.question.client_cwd {
            Some(folder) => self.folder.join(folder),
            None => self.folder.clone(),
        };
        let opened =
            Client::open(course.launcher, course.question, "127.0.0.1", &cwd, name, course.patience);
        let client = match opened {
            Ok(client) => client,
            Err(error) => {
                let command = text(course.question.client.join(" "));
                let values = [("command", command), ("error", text(error.to_string()))];
                return course.fail("fault-not-started", &values);
            }
        };
        let client = match &self.server {
            Some(server) => client.with_server(server.pid()),
            None => client,
        };
        match client.opening() {
            Some(ending) if !ending.asks() => {
                let ruling = hearing::bad_ending(course, "open", ending, client.transcript());
                Err(Box::new(ruling.with_lines(self.last_words())))
            }
            _ => Ok(client),
        }
    }

    /// The last lines that the server has printed.
    pub fn last_words(&self) -> Vec<String> {
        let log = fs::read(&self.log).unwrap_or_default();
        let lines = hearing::visible(&String::from_utf8_lossy(&log));
        let first = lines.len().saturating_sub(LOG_LINES);
        lines[first..].iter().map(|line| format!("server| {line}")).collect()
    }

    /// How the server has ended, if it has.
    ///
    /// # Errors
    /// If that cannot be known.
    pub fn server_end(&mut self) -> Asked<Option<std::process::ExitStatus>> {
        match self.server.as_mut().map(Process::status).transpose() {
            Ok(status) => Ok(status.flatten()),
            Err(error) => self.course.cannot("wait for the server", &error),
        }
    }

    /// Freezes the server's processes, or lets them go on.
    ///
    /// # Errors
    /// If a process cannot be told.
    pub fn signal_all_but(&self, client: i32, signal: Signal) -> Asked<()> {
        for pid in self.course.launcher.processes() {
            if pid != client
                && let Err(error) = nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), signal)
                && error != nix::errno::Errno::ESRCH
            {
                return self.course.cannot("freeze a process", &error);
            }
        }
        Ok(())
    }
}

impl Drop for Scene<'_> {
    fn drop(&mut self) {
        // What an item leaves must not be the next one's; that one says if it cannot be removed.
        let _ = end_everything(self.course);
    }
}

/// Ends every process of the submission, and removes its objects.
fn end_everything(course: &Course<'_>) -> Asked<()> {
    match course.launcher.end_everything() {
        Ok(()) => Ok(()),
        Err(error) => course.cannot("end the submission's processes", &error),
    }
}
