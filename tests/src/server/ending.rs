//! How a server is ended: it ends by itself, is asked to, or is killed.

use std::process::ExitStatus;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::evidence::Finding;
use crate::processes::family::Family;
use crate::server::Server;
use crate::target::Author;
use crate::wait;

/// The stop itself must end within 2 s.
const STOP_MAX: Duration = Duration::from_secs(4);
/// How long one may take whose stop is not judged.
const GRACE: Duration = Duration::from_millis(500);

impl Server {
    /// Waits for the first process to end.
    ///
    /// # Panics
    /// If it does not within `limit`.
    pub fn wait(&mut self, limit: Duration) -> ExitStatus {
        self.ends_after("what ends a server", limit)
    }

    /// The same, for who says what ends it.
    ///
    /// # Panics
    /// If it does not end within `limit`.
    pub fn ends_after(&mut self, sent: &str, limit: Duration) -> ExitStatus {
        self.ends(sent, limit).unwrap_or_else(|finding| finding.fail())
    }

    /// Sees who belongs to a foreign server, before some of them lose their parents.
    pub(super) fn look_at_family(&mut self) {
        if self.target.author() == Author::Stranger {
            self.family.iter_mut().for_each(Family::look);
        }
    }

    pub(super) fn ends(&mut self, sent: &str, limit: Duration) -> Result<ExitStatus, Finding> {
        let child = self.child.as_mut().expect("the server runs");
        let status = wait::until(limit, || child.try_wait().expect("it is our child"));
        let Some(status) = status else {
            let expected = format!("its end within {}", wait::seconds(wait::at_most(limit)));
            let came = format!("it runs; it logged:\n{}", self.last_words());
            return Err(Finding::new(sent, expected, came));
        };
        self.child = None;
        Ok(status)
    }

    /// Stops it by SIGTERM; it must end well and leave nothing behind. Returns how long it took to
    /// end.
    ///
    /// # Panics
    /// If it does not.
    pub fn stop(&mut self) -> Duration {
        self.try_stop().unwrap_or_else(|finding| finding.fail())
    }

    pub(super) fn try_stop(&mut self) -> Result<Duration, Finding> {
        self.look_at_family();
        let before = Instant::now();
        self.signal(Signal::SIGTERM);
        let group = self.pid();
        if !self.target.must_stop_well() {
            // It is ended either way.
            let _: Result<ExitStatus, Finding> = self.ends("SIGTERM", GRACE);
            self.end();
            return Ok(before.elapsed());
        }
        let status = self.ends("SIGTERM", STOP_MAX)?;
        let took = before.elapsed();
        if !status.success() {
            let (left, words) = (self.left(), self.last_words());
            let came = format!("{status}{left}; it logged:\n{words}");
            return Err(Finding::new("SIGTERM", "exit status 0", came));
        }
        self.leaves_nothing(group).map(|()| took)
    }

    /// Kills its first process by SIGKILL and waits for that one only.
    ///
    /// # Panics
    /// If it does not run.
    pub fn crash(&mut self) {
        self.signal(Signal::SIGKILL);
        self.wait(STOP_MAX);
        self.crashed = true;
    }
}
