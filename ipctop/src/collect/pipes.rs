//! Pipes and FIFOs: who has which end, and how full they are.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use nix::fcntl::{FcntlArg, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::clean::clean;
use crate::collect::index::Index;
use crate::collect::members::Members;
use crate::collect::notes::Notes;
use crate::model::object::{End, ObjectId, Pipe};
use crate::scope::{Scope, Target};
use crate::sys;

/// Processes to which a descriptor is held during a look, so that each is asked for once.
const HOLDERS_MAX: usize = 256;
/// Entries of a directory that are looked at.
const ENTRIES_MAX: usize = 2000;

/// The pipes of which a member has an end.
pub(crate) fn read(
    scope: &Scope,
    members: &Members,
    open: &Index,
    may_trace: bool,
    notes: &mut Notes,
) -> Vec<Pipe> {
    let mut pipes = BTreeMap::new();
    for (pid, _, found) in open.iter() {
        if found.object.kind() == "pipe" && members.processes.contains_key(&pid) {
            pipes.entry(found.object.clone()).or_insert_with(|| new(&found.object, &found.link));
        }
    }
    if let Target::Dir(dir) = &scope.target {
        for path in fifos(dir) {
            let Ok(found) = fs::metadata(&path) else { continue };
            let id = ObjectId::pipe(found.dev(), found.ino());
            let path = clean(&path.display().to_string());
            pipes.entry(id.clone()).or_insert_with(|| new(&id, &path));
        }
    }
    for (pid, descriptor, found) in open.iter() {
        if let Some(pipe) = pipes.get_mut(&found.object) {
            let end = End { pid, descriptor };
            if found.reads {
                pipe.readers.push(end.clone());
            }
            if found.writes {
                pipe.writers.push(end);
            }
        }
    }
    let mut pipes: Vec<Pipe> = pipes.into_values().collect();
    let mut holders = HashMap::new();
    for pipe in &mut pipes {
        pipe.readers.sort_by_key(|end| (end.pid, end.descriptor));
        pipe.writers.sort_by_key(|end| (end.pid, end.descriptor));
        if may_trace {
            measure(pipe, &mut holders, notes);
        } else {
            notes.add("pipes-not-measured");
        }
    }
    pipes
}

/// The FIFOs in a directory, open or not.
fn fifos(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten().take(ENTRIES_MAX);
    let is_fifo = |entry: &fs::DirEntry| entry.file_type().is_ok_and(|kind| kind.is_fifo());
    let dir = fs::canonicalize(dir).unwrap_or_else(|_| dir.to_owned());
    entries.filter(is_fifo).map(|entry| dir.join(entry.file_name())).collect()
}

fn new(id: &ObjectId, link: &str) -> Pipe {
    let is_fifo = link.starts_with('/');
    let path = link.strip_suffix(" (deleted)").unwrap_or(link);
    let leads_here =
        fs::metadata(path).is_ok_and(|found| ObjectId::pipe(found.dev(), found.ino()) == *id);
    Pipe {
        id: id.clone(),
        path: is_fifo.then(|| path.to_owned()),
        is_unlinked: is_fifo && !leads_here,
        readers: Vec::new(),
        writers: Vec::new(),
        bytes: None,
        bytes_max: None,
        bytes_growth_per_s: None,
        has_reader: None,
        has_writer: None,
    }
}

/// Asks the pipe itself through a duplicate of a descriptor, which is closed at once.
///
/// One end is enough: the side that nobody in sight has is asked for from the other side.
fn measure(pipe: &mut Pipe, holders: &mut HashMap<i32, OwnedFd>, notes: &mut Notes) {
    let (ends, is_reading) = match pipe.readers.is_empty() {
        true => (&pipe.writers, false),
        false => (&pipe.readers, true),
    };
    let Some(end) = ends.first() else { return };
    let duplicate = match duplicate(end, holders) {
        Ok(duplicate) => duplicate,
        Err(error) => {
            notes.add_error("pipes-not-measured", &error);
            return;
        }
    };
    pipe.bytes = sys::fionread(duplicate.as_fd()).ok();
    pipe.bytes_max = fcntl(&duplicate, FcntlArg::F_GETPIPE_SZ).ok().map(|size| size as u64);
    let mut asked = [PollFd::new(duplicate.as_fd(), PollFlags::empty())];
    let answer = poll(&mut asked, PollTimeout::ZERO).ok().and_then(|_| asked[0].revents());
    let says = |flag| answer.map(|answer| !answer.contains(flag));
    pipe.has_reader = if is_reading { Some(true) } else { says(PollFlags::POLLERR) };
    pipe.has_writer = match pipe.writers.is_empty() {
        false => Some(true),
        // A FIFO that nobody has written to yet does not say that it has no writer.
        true if pipe.path.is_some() => Some(false),
        true => says(PollFlags::POLLHUP),
    };
}

fn duplicate(end: &End, holders: &mut HashMap<i32, OwnedFd>) -> io::Result<OwnedFd> {
    if holders.len() == HOLDERS_MAX {
        holders.clear();
    }
    let process = match holders.entry(end.pid) {
        Entry::Occupied(holder) => holder.into_mut(),
        Entry::Vacant(place) => place.insert(sys::pidfd_open(end.pid)?),
    };
    sys::pidfd_getfd(process.as_fd(), end.descriptor)
}
