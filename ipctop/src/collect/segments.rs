//! Who has attached which shared memory, from /proc/PID/maps.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::clean::clean_bytes;

/// The shared memory of processes: System V segments by number, files in /dev/shm by name.
#[derive(Debug, Default)]
pub(crate) struct Mapped {
    /// Who has attached each segment.
    pub(crate) segments: BTreeMap<i64, BTreeSet<i32>>,
    /// Who has mapped each POSIX object.
    pub(crate) files: BTreeMap<String, BTreeSet<i32>>,
}

impl Mapped {
    /// Reads the maps of these processes; those that may not be read add nothing.
    pub(crate) fn read(pids: impl Iterator<Item = i32>) -> Mapped {
        let mut mapped = Mapped::default();
        for pid in pids {
            let maps = fs::read(format!("/proc/{pid}/maps")).unwrap_or_default();
            maps.split(|&byte| byte == b'\n').for_each(|line| mapped.add(pid, line));
        }
        mapped
    }

    /// Notes a line: `ADDRESSES MODE OFFSET DEVICE INODE PATH`. A segment's inode is its number.
    fn add(&mut self, pid: i32, line: &[u8]) {
        let Some(at) = line.iter().position(|&byte| byte == b'/') else { return };
        let (left, path) = line.split_at(at);
        if path.starts_with(b"/SYSV") {
            let left = String::from_utf8_lossy(left);
            if let Some(id) = left.split_whitespace().nth(4).and_then(|inode| inode.parse().ok()) {
                self.segments.entry(id).or_default().insert(pid);
            }
        } else if let Some(name) = path.strip_prefix(b"/dev/shm/") {
            self.files.entry(clean_bytes(name)).or_default().insert(pid);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_is_known_by_its_inode_and_a_file_by_its_name() {
        let mut mapped = Mapped::default();
        mapped.add(7, b"7f00-7f01 rw-s 00000000 00:01 98307 /SYSV5200c04e (deleted)");
        mapped.add(7, b"7f02-7f03 rw-s 00000000 00:19 5 /dev/shm/sem.x");
        mapped.add(8, b"7f02-7f03 r-xp 00000000 fe:00 5 /usr/lib/libc.so.6");
        mapped.add(8, b"7f02-7f03 rw-p 00000000 00:00 0 ");
        assert_eq!(mapped.segments.keys().collect::<Vec<_>>(), [&98307]);
        assert_eq!(mapped.files.keys().collect::<Vec<_>>(), ["sem.x"]);
    }
}
