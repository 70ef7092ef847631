//! The processes of this machine or box, and which of them belong to a program that was started.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use procfs::FromRead;
use procfs::process::Stat;

use crate::kernel::thread;
use crate::launch::program::Program;

/// A process.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Its PID.
    pub pid: i32,
    /// The PID of its parent.
    pub parent: i32,
    /// Its session.
    pub session: i32,
    /// When it began, in clock ticks since the machine did.
    pub started: u64,
    /// Whether it has ended, and its parent has not asked how.
    pub is_over: bool,
}

/// Those that have not ended: zombies are left out.
pub fn all() -> Vec<Row> {
    rows().filter(|row| !row.is_over).collect()
}

/// How many children of these processes have ended, without having been asked how.
pub fn zombies_of(parents: &[i32]) -> usize {
    let is_zombie = |row: &Row| row.is_over && parents.contains(&row.parent);
    rows().filter(is_zombie).count()
}

fn rows() -> impl Iterator<Item = Row> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter_map(row)
}

fn row(pid: i32) -> Option<Row> {
    let text = fs::read(format!("/proc/{pid}/stat")).ok()?;
    let stat = Stat::from_read(&text[..]).ok()?;
    // The first thread may end before the others.
    let is_over = matches!(stat.state, 'Z' | 'X') && stat.num_threads <= 1;
    let (parent, session, started) = (stat.ppid, stat.session, stat.starttime);
    Some(Row { pid, parent, session, started, is_over })
}

/// A process and those in its session; a leader that is another process does nothing but lead.
pub fn of_session(pid: i32) -> Vec<i32> {
    let Some(session) = row(pid).map(|row| row.session) else { return Vec::new() };
    let is_of_it = |row: &Row| row.session == session && (row.pid == pid || row.pid != session);
    all().iter().filter(|row| is_of_it(row)).map(|row| row.pid).collect()
}

/// A program that was started, and all that came of it.
///
/// It is asked again and again: a child is known while its parent lives. A daemon's parent may end
/// between two questions; such an orphan is known by its program and by the time of its start.
#[derive(Debug)]
pub struct Family {
    started: u64,
    /// Device and inode of each program that a member runs.
    programs: HashSet<(u64, u64)>,
    arguments: Vec<OsString>,
    known: HashSet<(i32, u64)>,
}

impl Family {
    /// That of a process that was just started to run a program.
    pub fn of(pid: i32, program: &Program) -> Family {
        let started = row(pid).map_or(0, |row| row.started);
        let programs = identity(&file(program)).into_iter().collect();
        let arguments = program.argv[1..].to_vec();
        Family { started, programs, arguments, known: HashSet::from([(pid, started)]) }
    }

    /// The members that live.
    pub fn living(&mut self) -> Vec<i32> {
        let rows = all();
        let mut members: Vec<Row> = rows
            .iter()
            .filter(|row| self.known.contains(&(row.pid, row.started)))
            .copied()
            .collect();
        loop {
            let newcomers: Vec<Row> =
                rows.iter().filter(|row| self.is_newcomer(row, &members)).copied().collect();
            if newcomers.is_empty() {
                break;
            }
            self.known.extend(newcomers.iter().map(|row| (row.pid, row.started)));
            members.extend(newcomers);
        }
        self.programs.extend(members.iter().filter_map(|row| running(row.pid)));
        members.iter().map(|row| row.pid).collect()
    }

    fn is_newcomer(&self, row: &Row, members: &[Row]) -> bool {
        if self.known.contains(&(row.pid, row.started)) {
            return false;
        }
        let is_kin = |member: &Row| member.pid == row.parent || member.session == row.session;
        members.iter().any(is_kin) || self.is_orphan(row)
    }

    fn is_orphan(&self, row: &Row) -> bool {
        let own = std::process::id() as i32;
        // It has become the child of the first process, or ours if we collect orphans.
        let has_lost_its_parent = row.parent == 1 || row.parent == own;
        has_lost_its_parent
            && row.pid != own
            && row.started >= self.started
            && running(row.pid).is_some_and(|program| self.programs.contains(&program))
            && command(row.pid).ends_with(&self.arguments)
    }
}

/// The file that a program is; without a slash it is searched in PATH.
fn file(program: &Program) -> PathBuf {
    let name = Path::new(&program.argv[0]);
    if name.components().count() > 1 {
        return program.cwd.join(name);
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut files = std::env::split_paths(&path).map(|folder| folder.join(name));
    files.find(|file| file.is_file()).unwrap_or_default()
}

fn identity(file: &Path) -> Option<(u64, u64)> {
    let found = fs::metadata(file).ok()?;
    Some((found.dev(), found.ino()))
}

fn running(pid: i32) -> Option<(u64, u64)> {
    identity(&PathBuf::from(format!("/proc/{}/exe", thread::living(pid))))
}

fn command(pid: i32) -> Vec<OsString> {
    let words = fs::read(format!("/proc/{}/cmdline", thread::living(pid))).unwrap_or_default();
    let words = words.strip_suffix(b"\0").unwrap_or(&words);
    words.split(|&byte| byte == 0).map(|word| OsString::from_vec(word.to_vec())).collect()
}
