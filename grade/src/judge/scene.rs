//! A server of the submission that runs, in a fresh copy of its files, and clients for it.

use crate::dialogue::client::Client;
use crate::dialogue::first;
use crate::judge::course::{Asked, Course};
use crate::judge::hearing;
use crate::judge::log::Log;
use crate::kernel::{processes, stop};
use crate::launch::launcher::Launcher;
use crate::launch::process::Process;
use crate::launch::program::{Program, Streams};
use crate::readiness::{self, Sign};

mod ending;

/// The last lines of a server's output that are evidence.
const LOG_LINES: usize = 8;

/// A server that runs, if the question has one, and where its clients work.
#[derive(Debug)]
pub struct Scene<'a> {
    course: &'a Course<'a>,
    log: Log,
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
        course.refresh()?;
        let log = match Log::new() {
            Ok(log) => log,
            Err(error) => return course.cannot("make a log file", &error),
        };
        let mut scene = Scene { course, log, server: None, workers: Vec::new() };
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
        let program = Program { argv, cwd: course.home.clone(), env: Vec::new() };
        let log = match self.log.writer() {
            Ok(log) => log,
            Err(error) => return course.cannot("make a log file", &error),
        };
        let started = course.launcher.start(&program, Streams::Log(log));
        let mut process = match started {
            Ok(process) => process,
            Err(error) => return course.not_started(&course.question.server, &error),
        };
        let ready = readiness::wait(
            &mut process,
            &program,
            &self.log.path(),
            &course.question.ready,
            course.patience,
        );
        self.server = Some(process);
        match ready {
            Ok(asked) => {
                let is_certain = asked.sign != Sign::Polls && asked.pids.len() == 1;
                self.workers = asked.pids;
                if !is_certain {
                    // Of several processes one may be ready before the others, and who polls is never
                    // seen waiting. What goes wrong here goes wrong again in the item.
                    first::consult(|| self.client("ada"), course.patience.turn());
                }
                Ok(())
            }
            Err(not_ready) => {
                Err(Box::new(hearing::not_ready(course, &not_ready).with_lines(self.last_words())))
            }
        }
    }

    /// Kills the server's processes; what it has left stays, as after a crash.
    ///
    /// # Errors
    /// If something does not end.
    pub fn kill_server(&mut self) -> Asked<()> {
        self.server = None;
        match self.course.surroundings.end_processes() {
            Ok(()) => Ok(()),
            Err(error) => self.course.cannot("end the server", &error),
        }
    }

    /// A client at its menu.
    ///
    /// # Errors
    /// What the submission lost by: the client does not start, ends, floods or is silent.
    pub fn client(&self, name: &str) -> Asked<Client<'a>> {
        self.client_at(self.course.launcher, "127.0.0.1", name)
    }

    /// A client at its menu that another launcher starts, with the server at this address.
    ///
    /// # Errors
    /// As for [`Scene::client`].
    pub fn client_at(&self, launcher: &'a Launcher, host: &str, name: &str) -> Asked<Client<'a>> {
        let course = self.course;
        let cwd = match &course.question.client_cwd {
            Some(folder) => course.home.join(folder),
            None => course.home.clone(),
        };
        let opened = Client::open(launcher, course.question, host, &cwd, name, course.patience);
        let mut client = match opened {
            Ok(client) => client,
            Err(error) => return course.not_started(&course.question.client, &error),
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
        let lines = hearing::visible(&self.log.text());
        let first = lines.len().saturating_sub(LOG_LINES);
        lines[first..].iter().map(|line| format!("server| {line}")).collect()
    }

    /// Freezes every process of the submission that is in no session of these clients.
    ///
    /// # Errors
    /// If a process cannot be told.
    pub fn freeze(&self, clients: &[&Client<'_>]) -> Asked<Frozen> {
        let mut frozen = Frozen { pids: Vec::new() };
        let rows = processes::all();
        let pids = match self.course.surroundings.processes() {
            Ok(pids) => pids,
            Err(error) => return self.course.cannot("list the processes", &error),
        };
        for pid in pids {
            let row = rows.iter().find(|row| row.pid == pid);
            let session = row.map_or(pid, |row| row.session);
            // One program for all is one session; what it has forked is its server.
            let is_client = |client: &&Client<'_>| {
                client.pid() == pid
                    || !self.course.question.one_program && client.session() == session
            };
            if clients.iter().any(is_client) {
                continue;
            }
            // Who cannot be stopped may have ended meanwhile.
            frozen.pids.push(pid);
            if let Err(error) = stop::stop(pid)
                && error.raw_os_error() != Some(libc::ESRCH)
            {
                return self.course.cannot("freeze a process", &error);
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
            let _ = stop::go_on(pid);
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
    match course.surroundings.end_everything() {
        Ok(()) => Ok(()),
        Err(error) => course.cannot("end the submission's processes", &error),
    }
}
