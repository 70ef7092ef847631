//! What is seen of a server's processes while it runs, and what may not be left of it.

use std::time::Duration;

use crate::evidence::Finding;
use crate::leftovers;
use crate::leftovers::ipc::{self, Object};
use crate::processes::family::Family;
use crate::processes::{Thread, of_group};
use crate::server::Server;
use crate::wait;

/// How long a worker may take to name itself.
const NAMED_MAX: Duration = Duration::from_secs(5);
/// How long an object may stay of which nobody knows whose it is.
const UNKNOWN_MAX: Duration = Duration::from_secs(2);

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
        self.leaves_nothing(group).unwrap_or_else(|finding| finding.fail());
    }

    /// The same for whoever does not fail by it: what is left is named, and ended or removed.
    pub(super) fn leaves_nothing(&self, group: i32) -> Result<(), Finding> {
        // Whoever asks while it runs asks about an earlier one.
        let family = self.family.as_ref().filter(|_| self.child.is_none());
        let mut left = family.map(Family::names).unwrap_or_default();
        // Its own group is a part of its family.
        if family.is_none_or(|family| !family.has(group)) {
            left.extend(of_group(group).iter().map(|thread| format!("{thread:?}")));
        }
        let objects = self.objects();
        left.extend(objects.iter().map(Object::to_string));
        left.extend(leftovers::files(&self.dir()));
        if left.is_empty() {
            return Ok(());
        }
        let is_told = self.target.must_stop_well();
        family.inspect(|family| family.end());
        objects.iter().for_each(Object::remove);
        if !is_told {
            return Ok(());
        }
        let came = format!("{left:#?}; it logged:\n{}", self.last_words());
        Err(Finding::new("what ends a server", "nothing that it leaves behind", came))
    }

    /// The System V objects in sight that are certainly this server's, as rows of the kernel's
    /// tables: `shm: KEY ID MODE ...`.
    pub fn ipc_objects(&self) -> Vec<String> {
        self.objects().into_iter().map(|object| object.row).collect()
    }

    /// The same for whoever ends or removes them.
    fn objects(&self) -> Vec<Object> {
        let mut objects = leftovers::objects_of(&self.dir());
        if let (false, Some(family)) = (leftovers::has_namespace(), &self.family) {
            let known = objects.clone();
            let is_its = |new: &Object| new.is_of(family) && !known.contains(new);
            objects.extend(ipc::new_since(&self.before).into_iter().filter(is_its));
        }
        objects
    }

    /// Without a namespace: whether nothing came while it ran that this user has made. Whose it is
    /// cannot be told, so it stays.
    pub(super) fn leaves_no_unknown_object(&self) -> Result<(), Finding> {
        if leftovers::has_namespace() {
            return Ok(());
        }
        let unknown = || {
            let mut new = ipc::new_since(&self.before);
            new.retain(|object| object.is_this_users() && !object.is_in_use());
            new
        };
        // Another program's goes when that one ends, or is used by it.
        if wait::patiently(UNKNOWN_MAX, || unknown().is_empty().then_some(())).is_some() {
            return Ok(());
        }
        let Some(object) = unknown().into_iter().next() else { return Ok(()) };
        let came = format!("{object}, made by this user while it ran; whose it is cannot be told");
        Err(Finding::new("a start and a stop", "no kernel object that stays", came))
    }

    /// Ends whatever is left of it, without a word: it has failed already.
    pub(super) fn end(&mut self) {
        if let Some(family) = &mut self.family {
            family.look();
            family.end();
        }
        if let Some(mut child) = self.child.take()
            && let Err(error) = child.kill().and_then(|()| child.wait())
        {
            eprintln!("cannot end it: {error}");
        }
        self.objects().iter().for_each(Object::remove);
    }
}
