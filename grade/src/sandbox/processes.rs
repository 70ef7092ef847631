//! The processes in a box that are the submission's.

use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;

use nix::sys::stat::fstat;
use serde::{Deserialize, Serialize};

use crate::launch::children::{Children, Known};

/// Bytes of a page, on the machines that this is for.
const PAGE: u64 = 4096;

/// A process, as it was when one looked.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Found {
    /// Its PID in the box.
    pub pid: i32,
    /// Its parent; 1 also if its own has ended.
    pub parent: i32,
    /// As in /proc/PID/stat: R, S, D, T, t or Z.
    pub state: char,
    /// The name of its program, as the kernel keeps it: 15 bytes.
    pub name: String,
    /// Its memory, in bytes; pages that it shares with others are counted for each.
    pub memory_bytes: u64,
}

impl Found {
    /// Whether it has ended, and its parent has not asked how.
    pub fn is_zombie(&self) -> bool {
        self.state == 'Z'
    }
}

/// Knows which processes are the submission's.
#[derive(Clone, Debug)]
pub(crate) struct Census {
    /// The user namespace in which its programs are started.
    pub(crate) user: Arc<OwnedFd>,
    pub(crate) children: Children,
}

impl Census {
    /// The processes of the submission, zombies included.
    ///
    /// # Errors
    /// /proc cannot be read.
    pub(crate) fn take(&self) -> io::Result<Vec<Found>> {
        self.take_with(&self.children.hold())
    }

    /// The same, for whoever holds the list of children.
    ///
    /// # Errors
    /// /proc cannot be read.
    pub(crate) fn take_with(&self, known: &Known) -> io::Result<Vec<Found>> {
        let theirs = fstat(&self.user)?.st_ino;
        let mut found = Vec::new();
        for entry in fs::read_dir("/proc")? {
            let Some(pid) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) else {
                continue;
            };
            if pid == 1 || known.holders.contains(&pid) {
                continue;
            }
            // Others of the judge's, such as strace, are in its own namespace; a zombie is in none.
            let namespace = fs::metadata(format!("/proc/{pid}/ns/user"));
            if namespace.is_ok_and(|namespace| namespace.ino() != theirs) {
                continue;
            }
            // One that is gone by now was not left.
            found.extend(read(pid));
        }
        Ok(found)
    }
}

fn read(pid: i32) -> Option<Found> {
    let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
    let stat = String::from_utf8_lossy(&stat);
    // The name may have blanks and parentheses in it.
    let (begin, end) = (stat.find('(')?, stat.rfind(')')?);
    let mut fields = stat[end + 1..].split_whitespace();
    let state = fields.next()?.chars().next()?;
    let parent = fields.next()?.parse().ok()?;
    let name = stat[begin + 1..end].chars().filter(|letter| !letter.is_control()).collect();
    Some(Found { pid, parent, state, name, memory_bytes: memory(pid).unwrap_or(0) })
}

/// Resident pages.
fn memory(pid: i32) -> Option<u64> {
    let statm = fs::read_to_string(format!("/proc/{pid}/statm")).ok()?;
    statm.split_whitespace().nth(1)?.parse::<u64>().ok().map(|pages| pages * PAGE)
}

/// The memory of a process that is in no file on a disk, each page divided by the number of processes
/// that have it.
pub(crate) fn proportional(pid: i32) -> Option<u64> {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    let kilobytes = |name: &str| -> Option<u64> {
        let line = rollup.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().strip_suffix(" kB")?.parse().ok()
    };
    Some((kilobytes("Pss_Anon:")? + kilobytes("Pss_Shmem:")?) * 1024)
}
