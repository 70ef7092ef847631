//! Who has attached which shared memory, from /proc/PID/maps.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

/// The shared memory of processes: System V segments by number, files in /dev/shm by inode
/// (glibc maps a semaphore before it has its name).
#[derive(Debug, Default)]
pub(crate) struct Mapped {
    /// Who has attached each segment.
    pub(crate) segments: BTreeMap<i64, BTreeSet<i32>>,
    /// Who has mapped each POSIX object.
    pub(crate) files: BTreeMap<(u64, u64), BTreeSet<i32>>,
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
        let is_segment = path.starts_with(b"/SYSV");
        if !is_segment && !path.starts_with(b"/dev/shm/") {
            return;
        }
        let left = String::from_utf8_lossy(left);
        let words: Vec<&str> = left.split_whitespace().collect();
        let [.., device, inode] = words[..] else { return };
        let (Some(device), Ok(inode)) = (number(device), inode.parse::<u64>()) else { return };
        if is_segment {
            self.segments.entry(inode as i64).or_default().insert(pid);
        } else {
            self.files.entry((device, inode)).or_default().insert(pid);
        }
    }
}

/// A device, `MAJOR:MINOR` in hexadecimal.
fn number(device: &str) -> Option<u64> {
    let (major, minor) = device.split_once(':')?;
    let hex = |text| u64::from_str_radix(text, 16).ok();
    Some(nix::sys::stat::makedev(hex(major)?, hex(minor)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_is_known_by_its_inode_and_a_file_by_device_and_inode() {
        let mut mapped = Mapped::default();
        mapped.add(7, b"7f00-7f01 rw-s 00000000 00:01 98307 /SYSV5200c04e (deleted)");
        mapped.add(7, b"7f02-7f03 rw-s 00000000 00:19 5 /dev/shm/sem.x");
        mapped.add(8, b"7f02-7f03 r-xp 00000000 fe:00 5 /usr/lib/libc.so.6");
        mapped.add(8, b"7f02-7f03 rw-p 00000000 00:00 0 ");
        assert_eq!(mapped.segments.keys().collect::<Vec<_>>(), [&98307]);
        assert_eq!(mapped.files.keys().collect::<Vec<_>>(), [&(25, 5)]);
    }
}
