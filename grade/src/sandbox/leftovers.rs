//! What a submission has left in its box: kernel objects, FIFOs and processes.

use std::fs;
use std::io;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::sandbox::processes::Found;

/// What is there; all lists are empty after a submission that cleans up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Leftovers {
    /// System V message queues.
    pub queues: Vec<SystemV>,
    /// System V shared memory.
    pub segments: Vec<SystemV>,
    /// System V semaphore sets.
    pub semaphores: Vec<SystemV>,
    /// Names in /dev/mqueue.
    pub posix_queues: Vec<String>,
    /// Names in /dev/shm: shared memory, and semaphores as sem.NAME.
    pub posix_shared: Vec<String>,
    /// FIFOs and sockets in the submission's folder and in /tmp.
    pub special_files: Vec<PathBuf>,
    /// Processes, zombies too.
    pub processes: Vec<Found>,
}

/// An object of System V IPC.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct SystemV {
    /// Its key; 0: IPC_PRIVATE.
    pub key: i32,
    /// Its number.
    pub id: i32,
    /// Bytes in a queue, or of a segment; semaphores of a set.
    pub size: u64,
    /// The user who made it.
    pub maker: u32,
}

/// More names than this are not listed.
const MAX_NAMES: usize = 1000;

impl Leftovers {
    /// Whether nothing is there.
    pub fn is_empty(&self) -> bool {
        *self == Leftovers::default()
    }

    /// Looks at the IPC namespace of this process, and at these folders.
    ///
    /// # Errors
    /// The kernel has no System V IPC, or /dev is no box's.
    pub(crate) fn find(folders: &[&Path], processes: Vec<Found>) -> io::Result<Leftovers> {
        let mut special_files = Vec::new();
        for folder in folders {
            // A submission can take the right to read away from its own folders.
            let _ = walk(folder, &mut special_files);
        }
        Ok(Leftovers {
            queues: system_v("msg")?,
            segments: system_v("shm")?,
            semaphores: system_v("sem")?,
            posix_queues: names("/dev/mqueue")?,
            posix_shared: names("/dev/shm")?,
            special_files,
            processes,
        })
    }
}

/// A table of /proc/sysvipc: `msg`, `shm` or `sem`.
pub(crate) fn system_v(kind: &str) -> io::Result<Vec<SystemV>> {
    // Key, number, rights, size, and then what the kind has; cuid.
    let maker = if kind == "sem" { 6 } else { 9 };
    let table = fs::read_to_string(format!("/proc/sysvipc/{kind}"))?;
    Ok(table
        .lines()
        .skip(1)
        .take(MAX_NAMES)
        .filter_map(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let number = |at: usize| fields.get(at)?.parse::<i64>().ok();
            Some(SystemV {
                key: number(0)? as i32,
                id: number(1)? as i32,
                size: number(3)? as u64,
                maker: number(maker)? as u32,
            })
        })
        .collect())
}

fn names(folder: &str) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)?.take(MAX_NAMES) {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

pub(crate) fn walk(folder: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    let mut waiting = vec![folder.to_owned()];
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            if found.len() >= MAX_NAMES || waiting.len() >= MAX_NAMES {
                return Ok(());
            }
            if kind.is_dir() {
                waiting.push(entry.path());
            } else if kind.is_fifo() || kind.is_socket() {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    Ok(())
}
