//! Where the programs of a submission run: what of them is there, and how all of it ends.

use std::collections::BTreeSet;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use ipctop::clean::clean_bytes;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::Pid;

use crate::judge::objects::{self, Object};
use crate::kernel::processes;
use crate::launch::launcher::Launcher;
use crate::sandbox::inside::Inside;
use crate::sandbox::leftovers;
use crate::sandbox::processes::Found;
use crate::sandbox::root::HOME;

/// How long killed processes may take to be gone.
const DEATH: Duration = Duration::from_secs(2);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(1);

/// Where the programs of a submission run.
#[derive(Debug)]
pub enum Surroundings {
    /// In a box; this process is its first one.
    Box(Box<Inside>),
    /// Beside all other programs; this process adopts those whose parent ends.
    Bare {
        /// Starts programs.
        launcher: Launcher,
        /// The submission's folder, which may be written.
        home: PathBuf,
        /// The objects that were there before.
        before: BTreeSet<Object>,
    },
}

impl Surroundings {
    /// Those of a process that adopts orphans, without a box.
    ///
    /// # Errors
    /// See PR_SET_CHILD_SUBREAPER(2const).
    pub fn bare(home: PathBuf) -> io::Result<Surroundings> {
        nix::sys::prctl::set_child_subreaper(true)?;
        Ok(Surroundings::Bare { launcher: Launcher::bare(), home, before: objects::all() })
    }

    /// Starts programs.
    pub fn launcher(&self) -> &Launcher {
        match self {
            Surroundings::Box(inside) => &inside.launcher,
            Surroundings::Bare { launcher, .. } => launcher,
        }
    }

    /// The submission's folder, which may be written.
    pub fn home(&self) -> &Path {
        match self {
            Surroundings::Box(inside) => &inside.home,
            Surroundings::Bare { home, .. } => home,
        }
    }

    /// The folders that the submission may write, beside those of its objects.
    pub fn folders(&self) -> Vec<PathBuf> {
        match self {
            Surroundings::Box(_) => vec![PathBuf::from(HOME), PathBuf::from("/tmp")],
            Surroundings::Bare { home, .. } => vec![home.clone()],
        }
    }

    /// The living processes of the submission.
    ///
    /// # Errors
    /// /proc cannot be read.
    pub fn processes(&self) -> io::Result<Vec<i32>> {
        match self {
            Surroundings::Box(inside) => {
                let found = inside.processes()?;
                Ok(found.iter().filter(|found| !found.is_zombie()).map(|found| found.pid).collect())
            }
            Surroundings::Bare { .. } => Ok(descendants()),
        }
    }

    /// Ends every process of the submission.
    ///
    /// # Errors
    /// Some do not end.
    pub fn end_processes(&self) -> io::Result<()> {
        match self {
            Surroundings::Box(inside) => inside.end_all(),
            Surroundings::Bare { .. } => end_descendants(),
        }
    }

    /// Ends every process of the submission, and removes every object of it.
    ///
    /// # Errors
    /// Something stays.
    pub fn end_everything(&self) -> io::Result<()> {
        self.end_processes()?;
        objects::remove(&self.before())
    }

    /// What is left of the submission, each thing in a word or two, with FIFOs and sockets in a folder.
    ///
    /// # Errors
    /// /proc cannot be read.
    pub fn leftovers(&self, folder: &Path) -> io::Result<Vec<String>> {
        let objects = objects::all();
        let mut left: Vec<String> =
            objects.difference(&self.before()).map(Object::to_string).collect();
        left.extend(special_files(folder));
        match self {
            Surroundings::Box(inside) => {
                left.extend(special_files(Path::new("/tmp")));
                // An orphan that has ended is this process's to collect, when it comes to it.
                let is_ours = |found: &Found| found.is_zombie() && found.parent == 1;
                for found in inside.processes()?.iter().filter(|found| !is_ours(found)) {
                    let kind = if found.is_zombie() { "zombie" } else { "process" };
                    left.push(format!("{kind} {} ({})", found.pid, found.name));
                }
            }
            Surroundings::Bare { .. } => {
                left.extend(descendants().iter().map(|pid| format!("process {pid}")));
            }
        }
        Ok(left)
    }

    fn before(&self) -> BTreeSet<Object> {
        match self {
            Surroundings::Box(_) => BTreeSet::new(),
            Surroundings::Bare { before, .. } => before.clone(),
        }
    }
}

/// The processes that come of this one, zombies not counted.
fn descendants() -> Vec<i32> {
    let rows = processes::all();
    let mut known = BTreeSet::from([std::process::id() as i32]);
    loop {
        let is_new =
            |row: &&processes::Row| known.contains(&row.parent) && !known.contains(&row.pid);
        let new: Vec<i32> = rows.iter().filter(is_new).map(|row| row.pid).collect();
        if new.is_empty() {
            break;
        }
        known.extend(new);
    }
    known.remove(&(std::process::id() as i32));
    known.into_iter().collect()
}

fn end_descendants() -> io::Result<()> {
    let begin = Instant::now();
    loop {
        let living = descendants();
        for &pid in &living {
            // It may have ended by itself.
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
        for pid in &living {
            // Who was adopted by this process is collected here; others are their parents' to collect.
            let _ = waitpid(Pid::from_raw(*pid), Some(WaitPidFlag::WNOHANG));
        }
        if living.is_empty() {
            return Ok(());
        }
        if begin.elapsed() >= DEATH {
            return Err(io::Error::other(format!("processes {living:?} do not end")));
        }
        sleep(PAUSE);
    }
}

/// The FIFOs and sockets in a folder, by their names.
fn special_files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    // A submission can take the right to read away from its own folders.
    let _ = leftovers::walk(folder, &mut found);
    let name = |path: &PathBuf| clean_bytes(path.file_name().unwrap_or_default().as_bytes());
    found.iter().map(|path| format!("FIFO / socket {}", name(path))).collect()
}
