//! The tables of System V objects in /proc/sysvipc, and the limits beside them.

use std::collections::HashMap;
use std::fs;

use crate::collect::notes::Notes;
use crate::model::object::{MessageQueue, Segment, SemaphoreSet};
use crate::model::system::Limits;

/// SHM_DEST: the segment goes with its last attachment.
const REMOVED: u32 = 0o1000;

/// The objects of this process's IPC namespace.
#[derive(Debug, Default)]
pub(crate) struct SystemV {
    /// Message queues.
    pub(crate) queues: Vec<MessageQueue>,
    /// Shared memory segments.
    pub(crate) segments: Vec<Segment>,
    /// Semaphore sets.
    pub(crate) sets: Vec<SemaphoreSet>,
}

impl SystemV {
    /// Reads the three tables.
    pub(crate) fn read(notes: &mut Notes) -> SystemV {
        SystemV {
            queues: rows("msg", notes).iter().map(queue).collect(),
            segments: rows("shm", notes).iter().map(segment).collect(),
            sets: rows("sem", notes).iter().map(set).collect(),
        }
    }

    /// The limits, and how much of them is used.
    pub(crate) fn limits(&self) -> Limits {
        Limits {
            msgmnb: sysctl("msgmnb", 0),
            msgmni: sysctl("msgmni", 0),
            n_queues: self.queues.len() as u64,
            shmmni: sysctl("shmmni", 0),
            n_segments: self.segments.len() as u64,
            semmni: sysctl("sem", 3),
            n_sets: self.sets.len() as u64,
        }
    }
}

/// A row of a table, its values by the names in the table's first line.
struct Row(HashMap<String, i64>);

impl Row {
    fn get(&self, name: &str) -> i64 {
        self.0.get(name).copied().unwrap_or_default()
    }
    fn count(&self, name: &str) -> u64 {
        self.get(name).max(0) as u64
    }
    fn mode(&self) -> u32 {
        // The table prints it in octal.
        let digits = self.get("perms");
        u32::from_str_radix(&digits.to_string(), 8).unwrap_or_default()
    }
}

fn rows(kind: &str, notes: &mut Notes) -> Vec<Row> {
    // Read in one piece: the kernel shows the namespace of whoever opens it.
    let text = match fs::read_to_string(format!("/proc/sysvipc/{kind}")) {
        Ok(text) => text,
        Err(error) => {
            notes.add_error("no-system-v", &error);
            return Vec::new();
        }
    };
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap_or_default().split_whitespace().collect();
    let row = |line: &str| {
        let values = line.split_whitespace().map(|value| value.parse().unwrap_or_default());
        Row(names.iter().map(|name| (*name).to_owned()).zip(values).collect())
    };
    lines.map(row).collect()
}

fn queue(row: &Row) -> MessageQueue {
    MessageQueue {
        msqid: row.get("msqid"),
        key: row.get("key") as i32,
        mode: row.mode(),
        user: row.get("uid") as u32,
        bytes: row.count("cbytes"),
        n_messages: row.count("qnum"),
        last_sender: row.get("lspid") as i32,
        last_receiver: row.get("lrpid") as i32,
        changed_s: row.count("ctime"),
        ..MessageQueue::default()
    }
}

fn segment(row: &Row) -> Segment {
    Segment {
        shmid: row.get("shmid"),
        key: row.get("key") as i32,
        mode: row.mode(),
        user: row.get("uid") as u32,
        bytes: row.count("size"),
        maker: row.get("cpid") as i32,
        last_user: row.get("lpid") as i32,
        n_attached: row.count("nattch"),
        attached: Vec::new(),
        is_removed: row.mode() & REMOVED != 0,
    }
}

fn set(row: &Row) -> SemaphoreSet {
    SemaphoreSet {
        semid: row.get("semid"),
        key: row.get("key") as i32,
        user: row.get("uid") as u32,
        // Their number; what they hold is asked for only where it is in scope.
        values: Some(vec![Default::default(); row.count("nsems").min(32000) as usize]),
    }
}

fn sysctl(name: &str, at: usize) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/sys/kernel/{name}")).ok()?;
    text.split_whitespace().nth(at)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_read_by_the_names_of_its_columns() {
        let names = "key msqid perms cbytes qnum lspid lrpid uid gid cuid cgid stime rtime ctime";
        let values = "1375780942 7 600 752 1 4374 0 1000 0 1000 0 5 6 7";
        let values = values.split(' ').map(|value| value.parse().unwrap());
        let row = Row(names.split(' ').map(str::to_owned).zip(values).collect());
        let queue = queue(&row);
        assert_eq!((queue.key, queue.msqid, queue.mode), (0x5200_c04e, 7, 0o600));
        assert_eq!((queue.bytes, queue.last_sender, queue.changed_s), (752, 4374, 7));
    }
}
