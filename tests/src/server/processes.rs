//! What is seen of a server's processes while it runs, and what may not be left of it.

use std::time::Duration;

use crate::evidence;
use crate::leftovers;
use crate::processes::{Thread, of_group};
use crate::server::Server;
use crate::wait;

/// How long a worker may take to name itself.
const NAMED_MAX: Duration = Duration::from_secs(5);

impl Server {
    /// Its threads, of all its processes.
    pub fn threads(&self) -> Vec<Thread> {
        of_group(self.pid())
    }

    /// Its processes, the first one included.
    pub fn processes(&self) -> Vec<i32> {
        let mut pids: Vec<i32> = self.threads().iter().map(|thread| thread.pid).collect();
        pids.sort_unstable();
        pids.dedup();
        pids
    }

    /// Its processes but the first.
    pub fn workers(&self) -> Vec<i32> {
        let mut pids = self.processes();
        pids.retain(|&pid| pid != self.pid());
        pids
    }

    /// The PID of the process that decides and writes reservations.
    ///
    /// # Panics
    /// If it does not run.
    pub fn office(&self) -> i32 {
        let stage = self.stage();
        if stage.processes() == 1 {
            return self.pid();
        }
        // A plain server is ready before its workers have named themselves.
        let office = |thread: &Thread| thread.name == stage.office();
        let found = wait::until(NAMED_MAX, || self.threads().into_iter().find(office));
        found.expect("the office runs").pid
    }

    /// Checks that a process group and its kernel objects are gone, and that DIR holds what it
    /// should.
    ///
    /// # Panics
    /// If something is left.
    pub fn assert_nothing_left(&self, group: i32) {
        let left = leftovers::of_server(group, &self.dir());
        let came = || format!("{left:#?}; it logged:\n{}", self.last_words());
        if !left.is_empty() {
            evidence::fail("what ends a server", "nothing that it leaves behind", came());
        }
    }
}
