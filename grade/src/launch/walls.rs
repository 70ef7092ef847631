//! What shuts a program in: namespaces that it enters and limits that it gets before it runs.

use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use nix::sched::{CloneFlags, setns};
use nix::sys::prctl::set_no_new_privs;
use nix::sys::resource::{Resource, setrlimit};

use crate::launch::filter::FILTER;
use crate::sys;

/// The namespaces and limits of programs in a box.
#[derive(Clone, Debug)]
pub(crate) struct Walls {
    /// Their user namespace: in it they are nobody special.
    pub(crate) user: Arc<OwnedFd>,
    /// Their view of the files, which belongs to that user namespace.
    pub(crate) mounts: Arc<OwnedFd>,
    /// Another network than that of this process.
    pub(crate) network: Option<Arc<OwnedFd>>,
    /// How many processes and threads they may be, together.
    pub(crate) n_processes: u64,
    /// Their whole environment, but for what is asked for each.
    pub(crate) environment: Vec<(OsString, OsString)>,
}

/// Descriptors of one process: what programs of students need, and little to fill memory with.
const MAX_OPEN_FILES: u64 = 4096;
const OPEN_FILES: u64 = 1024;
/// Bytes of one file. What a program prints goes into one, and that is memory of the machine.
const LARGEST_FILE: u64 = 128 << 20;
/// Signals that wait, and timers.
const SIGNALS: u64 = 1000;

impl Walls {
    /// Enters the namespaces. It makes system calls only.
    ///
    /// # Errors
    /// EPERM, ENOMEM. See setns(2).
    pub(crate) fn enter(&self) -> io::Result<()> {
        if let Some(network) = &self.network {
            setns(network, CloneFlags::CLONE_NEWNET)?;
        }
        setns(&self.mounts, CloneFlags::CLONE_NEWNS)?;
        // The last one: with it go the capabilities that the others take.
        setns(&self.user, CloneFlags::CLONE_NEWUSER)?;
        Ok(())
    }

    /// Sets the limits, from which nothing that is executed later gets away. System calls only.
    ///
    /// Limits of address space or data are not among them: sanitizers map terabytes.
    ///
    /// # Errors
    /// EPERM, if this process has lower ones already. See setrlimit(2).
    pub(crate) fn limit(&self) -> io::Result<()> {
        setrlimit(Resource::RLIMIT_NPROC, self.n_processes, self.n_processes)?;
        setrlimit(Resource::RLIMIT_CORE, 0, 0)?;
        // It is lower already where that is the custom; then it stays.
        let _ = setrlimit(Resource::RLIMIT_NOFILE, OPEN_FILES, MAX_OPEN_FILES);
        setrlimit(Resource::RLIMIT_FSIZE, LARGEST_FILE, LARGEST_FILE)?;
        // Timers are among them, and all boxes of one user share what that user may have.
        let _ = setrlimit(Resource::RLIMIT_SIGPENDING, SIGNALS, SIGNALS);
        set_no_new_privs()?;
        sys::seccomp(&FILTER)
    }
}
