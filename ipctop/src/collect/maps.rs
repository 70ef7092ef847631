//! The shared memory that a process has mapped, from /proc/PID/maps.

use std::fs;

/// A piece of shared memory that a process has mapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mapping {
    /// A System V segment, by its number.
    Segment(i64),
    /// A file in /dev/shm, by device and inode: glibc maps a semaphore before it has its name.
    File(u64, u64),
}

/// The shared memory that a process has mapped, from its maps.
pub(crate) fn mappings(pid: i32) -> Vec<Mapping> {
    let maps = fs::read(format!("/proc/{pid}/maps")).unwrap_or_default();
    maps.split(|&byte| byte == b'\n').filter_map(mapping).collect()
}

/// A line: `ADDRESSES MODE OFFSET DEVICE INODE PATH`. A segment's inode is its number.
fn mapping(line: &[u8]) -> Option<Mapping> {
    let at = line.iter().position(|&byte| byte == b'/')?;
    let (left, path) = line.split_at(at);
    let is_segment = path.starts_with(b"/SYSV");
    if !is_segment && !path.starts_with(b"/dev/shm/") {
        return None;
    }
    let left = String::from_utf8_lossy(left);
    let words: Vec<&str> = left.split_whitespace().collect();
    let [.., device, inode] = words[..] else { return None };
    let (device, inode) = (number(device)?, inode.parse::<u64>().ok()?);
    Some(if is_segment { Mapping::Segment(inode as i64) } else { Mapping::File(device, inode) })
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
        let lines: [(&[u8], _); 4] = [
            (
                b"7f00-7f01 rw-s 00000000 00:01 98307 /SYSV5200c04e (deleted)",
                Some(Mapping::Segment(98307)),
            ),
            (b"7f02-7f03 rw-s 00000000 00:19 5 /dev/shm/sem.x", Some(Mapping::File(25, 5))),
            (b"7f02-7f03 r-xp 00000000 fe:00 5 /usr/lib/libc.so.6", None),
            (b"7f02-7f03 rw-p 00000000 00:00 0 ", None),
        ];
        for (line, found) in lines {
            assert_eq!(mapping(line), found);
        }
    }
}
