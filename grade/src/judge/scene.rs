//! A server of the submission that runs, in a fresh copy of its files, and clients for it.

use std::fs::{self, File};
use std::path::PathBuf;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::dialogue::client::Client;
use crate::judge::course::{Asked, Course};
use crate::judge::hearing;
use crate::kernel::processes;
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
    /// The processes of the server when it could be asked.
    pub workers: Vec<i32>,
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
        let mut scene = Scene { course, folder, log, server: None, workers: Vec::new() };
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
            readiness::wait(&mut process, &program, &self.log, &course.question.ready, course.patience);
        self.server = Some(process);
        match ready {
            Ok(asked) => {
                self.workers = asked.pids;
                Ok(())
            }
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
        let mut client = match opened {
            Ok(client) => client,
            Err(error) => {
                let command = text(course.question.client.join(" "));
                let values = [("command", command), ("error", text(error.to_string()))];
                return course.fail("fault-not-started", &values);
            }
        };
        if let Some(server) = &self.server {
            client.set_server(server.pid());
        }
        let ending = &client.opening().ending;
        if ending.asks() {
            return Ok(client);
        }
        let ruling = hearing::bad_ending(course, "open", ending, client.transcript());
        Err(Box::new(ruling.with_lines(self.last_words())))
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

    /// Freezes every process of the submission that is in no session of these clients.
    ///
    /// # Errors
    /// If a process cannot be told.
    pub fn freeze(&self, clients: &[i32]) -> Asked<Frozen> {
        let mut frozen = Frozen { pids: Vec::new() };
        let rows = processes::all();
        for pid in self.course.launcher.processes() {
            let row = rows.iter().find(|row| row.pid == pid);
            let session = row.map_or(pid, |row| row.session);
            // One program for all is one session; what it has forked is its server.
            let is_client = !self.course.question.one_program && clients.contains(&session);
            if is_client || clients.contains(&pid) {
                continue;
            }
            match kill(Pid::from_raw(pid), Signal::SIGSTOP) {
                Ok(()) => frozen.pids.push(pid),
                Err(Errno::ESRCH) => {}
                Err(error) => return self.course.cannot("freeze a process", &error),
            }
        }
        Ok(frozen)
    }
}

/// Processes that do nothing until this is dropped.
#[derive(Debug)]
pub struct Frozen {
    /// Who.
    pub pids: Vec<i32>,
}

impl Drop for Frozen {
    fn drop(&mut self) {
        for &pid in &self.pids {
            // It may have been killed meanwhile.
            let _ = kill(Pid::from_raw(pid), Signal::SIGCONT);
        }
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
