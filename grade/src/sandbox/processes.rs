//! The processes in a box that are the submission's.

use std::fs;
use std::io;

use serde::{Deserialize, Serialize};

use crate::launch::children::Children;

/// A process, as it was when one looked.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Found {
    /// Its PID in the box.
    pub pid: i32,
    /// Its parent; 1 also if its own has ended.
    pub parent: i32,
    /// As in /proc/PID/stat: R, S, D, T, t or Z. It is that of its first thread.
    pub state: char,
    /// How many threads it has.
    pub n_threads: u32,
    /// The name of its program, as the kernel keeps it: 15 bytes.
    pub name: String,
    /// Its memory that is in no file on a disk, in bytes; shared pages count for each who has them.
    pub memory_bytes: u64,
}

impl Found {
    /// Whether it has ended, and its parent has not asked how. Its first thread may end before the
    /// others, which keep its files and sockets open.
    pub fn is_zombie(&self) -> bool {
        self.state == 'Z' && self.n_threads <= 1
    }
}

/// Knows which processes are the submission's: those that the system call filter holds for. No
/// process gets rid of it, or comes to it but by birth; zombies show it, too.
#[derive(Clone, Debug)]
pub(crate) struct Census {
    /// The filters of this process: the machine may have set some.
    n_filters: u32,
    pub(crate) children: Children,
}

impl Census {
    /// # Errors
    /// /proc cannot be read.
    pub(crate) fn new(children: Children) -> io::Result<Census> {
        let status = fs::read_to_string("/proc/self/status")?;
        let n_filters = field(&status, N_FILTERS).and_then(|number| number.parse().ok());
        let none = || io::Error::other("the kernel does not count system call filters");
        Ok(Census { n_filters: n_filters.ok_or_else(none)?, children })
    }

    /// The processes of the submission, zombies included.
    ///
    /// # Errors
    /// /proc cannot be read.
    pub(crate) fn take(&self) -> io::Result<Vec<Found>> {
        let mut found = Vec::new();
        for entry in fs::read_dir("/proc")? {
            let Some(pid) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) else {
                continue;
            };
            // One that is gone by now was not left.
            found.extend(self.read(pid));
        }
        Ok(found)
    }

    fn read(&self, pid: i32) -> Option<Found> {
        let status = fs::read(format!("/proc/{pid}/status")).ok()?;
        let status = String::from_utf8_lossy(&status);
        let n_filters: u32 = field(&status, N_FILTERS)?.parse().ok()?;
        if n_filters <= self.n_filters {
            return None;
        }
        let kilobytes = |name| -> Option<u64> {
            field(&status, name)?.strip_suffix(" kB")?.trim().parse().ok()
        };
        Some(Found {
            pid,
            parent: field(&status, "PPid:")?.parse().ok()?,
            state: field(&status, "State:")?.chars().next()?,
            n_threads: field(&status, "Threads:")?.parse().ok()?,
            name: field(&status, "Name:")?.chars().filter(|letter| !letter.is_control()).collect(),
            // A zombie has none.
            memory_bytes: 1024
                * (kilobytes("RssAnon:").unwrap_or(0) + kilobytes("RssShmem:").unwrap_or(0)),
        })
    }
}

const N_FILTERS: &str = "Seccomp_filters:";

/// A field of a status file, as proc_pid_status(5) has them.
fn field<'a>(status: &'a str, name: &str) -> Option<&'a str> {
    status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim)
}

/// The memory of a process that is in no file on a disk, each page divided by the number of processes
/// that have it.
pub(crate) fn proportional(pid: i32) -> Option<u64> {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    let kilobytes = |name: &str| -> Option<u64> {
        field(&rollup, name)?.strip_suffix(" kB")?.trim().parse().ok()
    };
    Some((kilobytes("Pss_Anon:")? + kilobytes("Pss_Shmem:")?) * 1024)
}
