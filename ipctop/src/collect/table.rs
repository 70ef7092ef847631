//! The table of all processes: what `stat` says of each, whoever it belongs to.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;

use crate::collect::activity;
use crate::collect::stat::Stat;

/// Set in the flags of each thread of the kernel, see `include/linux/sched.h`. In a PID namespace
/// their parent, process 2, is somebody's program.
const PF_KTHREAD: u32 = 0x0020_0000;

/// A process, as far as everybody may see it.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// Its parent.
    pub(crate) parent: i32,
    /// Its process group.
    pub(crate) group: i32,
    /// Its session.
    pub(crate) session: i32,
    /// Its effective user.
    pub(crate) user: u32,
    /// Its name.
    pub(crate) name: String,
    /// Its state.
    pub(crate) state: char,
    /// When it started, in clock ticks.
    pub(crate) started: u64,
    /// CPU time, in clock ticks.
    pub(crate) ticks: u64,
    /// Threads.
    pub(crate) n_threads: u64,
    /// Whether it has a terminal.
    pub(crate) has_terminal: bool,
    /// Its CPU time to the nanosecond, read before everything else: see [`activity::cpu_ns`].
    pub(crate) cpu_ns: Option<u64>,
    /// Whether it is a thread of the kernel.
    is_kernel: bool,
}

/// All processes, by PID.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    rows: BTreeMap<i32, Row>,
    children: BTreeMap<i32, Vec<i32>>,
}

impl Table {
    /// Reads it again; processes that end meanwhile are left out.
    pub(crate) fn refresh(&mut self) {
        let mut old = std::mem::take(&mut self.rows);
        self.children.clear();
        for pid in numbers("/proc") {
            if let Some(row) = Row::read(pid, old.remove(&pid)) {
                self.children.entry(row.parent).or_default().push(pid);
                self.rows.insert(pid, row);
            }
        }
    }

    /// A process.
    pub(crate) fn get(&self, pid: i32) -> Option<&Row> {
        self.rows.get(&pid)
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (i32, &Row)> + Clone {
        self.rows.iter().map(|(&pid, row)| (pid, row))
    }

    /// The children of a process.
    pub(crate) fn children(&self, pid: i32) -> &[i32] {
        self.children.get(&pid).map_or(&[], Vec::as_slice)
    }

    /// Whether a process is there and can still act; a zombie cannot.
    pub(crate) fn is_alive(&self, pid: i32) -> bool {
        self.get(pid).is_some_and(|row| !matches!(row.state, 'Z' | 'X'))
    }

    /// The process that a process or thread id belongs to, if it is alive.
    pub(crate) fn process_of(&self, id: i32) -> Option<i32> {
        if self.rows.contains_key(&id) {
            return self.is_alive(id).then_some(id);
        }
        let status = fs::read(format!("/proc/{id}/status")).ok()?;
        field(&status, "Tgid").and_then(|tgid| tgid.parse().ok())
    }

    /// Whether any thread of the kernel is in sight; none is in a container.
    pub(crate) fn has_kernel(&self) -> bool {
        self.rows.values().any(|row| row.is_kernel)
    }

    /// Whether it is a thread of the kernel, which is nobody's program.
    pub(crate) fn is_kernel(&self, pid: i32) -> bool {
        self.get(pid).is_some_and(|row| row.is_kernel)
    }
}

impl Row {
    fn read(pid: i32, old: Option<Row>) -> Option<Row> {
        let cpu_ns = activity::cpu_ns(pid);
        let has_slept = |old: &Row| cpu_ns.is_some() && old.cpu_ns == cpu_ns;
        let old = old.filter(has_slept);
        // Others can change the parent, the group or the state of a program that sleeps.
        if let Some(old) = old.as_ref().filter(|old| old.is_kernel) {
            return Some(old.clone());
        }
        let path = format!("/proc/{pid}");
        let stat = Stat::read(&contents(&format!("{path}/stat")).ok()?)?;
        let started = stat.count(22);
        let known = old.filter(|old| old.started == started).map(|old| old.user);
        let user = match known {
            Some(user) => user,
            None => fs::metadata(&path).ok()?.uid(),
        };
        Some(Row {
            parent: stat.field(4) as i32,
            group: stat.field(5) as i32,
            session: stat.field(6) as i32,
            user,
            state: stat.state,
            started,
            ticks: stat.count(14) + stat.count(15),
            n_threads: stat.count(20),
            has_terminal: stat.field(7) != 0,
            cpu_ns,
            is_kernel: stat.count(9) as u32 & PF_KTHREAD != 0,
            name: stat.name,
        })
    }
}

/// The text of a file in /proc, which has no size to ask for; nearly all of them fit one read.
pub(crate) fn contents(path: &str) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let mut bytes = vec![0; 4096];
    let len = file.read(&mut bytes)?;
    bytes.truncate(len);
    // A short read is the end.
    if len == 4096 {
        file.read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

/// The names in a folder that are numbers, sorted.
pub(crate) fn numbers(folder: &str) -> Vec<i32> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let number = |entry: fs::DirEntry| entry.file_name().to_str()?.parse().ok();
    let mut numbers: Vec<i32> = entries.filter_map(number).collect();
    numbers.sort_unstable();
    numbers
}

/// The value of a field in a file of lines `Name: value`, such as status; the name in its first
/// line may hold any bytes.
pub(crate) fn field<'a>(file: &'a [u8], name: &str) -> Option<&'a str> {
    let line = file.split(|&byte| byte == b'\n').find_map(|line| {
        line.strip_prefix(name.as_bytes()).and_then(|rest| rest.strip_prefix(b":"))
    })?;
    std::str::from_utf8(line).ok().map(str::trim)
}
