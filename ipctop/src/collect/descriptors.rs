//! Which process has which end of what: the descriptors in /proc/PID/fd.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};

use nix::sys::statfs::statfs;

use crate::clean::clean_bytes;
use crate::model::object::ObjectId;

/// The file system of POSIX message queues: MQUEUE_MAGIC in the kernel.
pub(crate) const MQUEUE_MAGIC: i64 = 0x1980_0202;
/// Descriptors of one process that are looked at.
const DESCRIPTORS_MAX: usize = 4096;

/// A descriptor.
#[derive(Clone, Debug)]
pub(crate) struct Descriptor {
    /// What it refers to.
    pub(crate) object: ObjectId,
    /// Where its link leads.
    pub(crate) link: String,
    /// Whether it can be read from.
    pub(crate) reads: bool,
    /// Whether it can be written to.
    pub(crate) writes: bool,
}

/// The descriptors of one process, by number.
pub(crate) type Descriptors = BTreeMap<i32, Descriptor>;

/// The descriptors of a process, and how many it has.
///
/// # Errors
/// EACCES if they may not be seen, ENOENT if it has ended.
pub(crate) fn read(pid: i32) -> io::Result<(Descriptors, u64)> {
    let folder = format!("/proc/{pid}/fd");
    let mut descriptors = Descriptors::new();
    let mut count = 0;
    for entry in fs::read_dir(&folder)? {
        let Ok(entry) = entry else { break };
        count += 1;
        let name = entry.file_name();
        let Some(number) = name.to_str().and_then(|name| name.parse().ok()) else { continue };
        if descriptors.len() == DESCRIPTORS_MAX {
            continue;
        }
        match read_one(&format!("{folder}/{number}")) {
            Ok(descriptor) => drop(descriptors.insert(number, descriptor)),
            // The numbers may be seen, and nothing else.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Err(error),
            // It has just been closed.
            Err(_) => {}
        }
    }
    Ok((descriptors, count))
}

fn read_one(path: &str) -> io::Result<Descriptor> {
    let target = fs::read_link(path)?;
    let link = clean_bytes(target.as_os_str().as_encoded_bytes());
    let object = object(path, &link)?;
    // The link's own permission bits say how the descriptor was opened; only ends of pipes differ.
    let mode = match object.kind() {
        "pipe" | "mqueue" => fs::symlink_metadata(path)?.mode(),
        _ => 0o600,
    };
    Ok(Descriptor { object, link, reads: mode & 0o400 != 0, writes: mode & 0o200 != 0 })
}

fn object(path: &str, link: &str) -> io::Result<ObjectId> {
    if let Some(inode) = inode(link, "pipe:[") {
        return Ok(ObjectId::pipe(0, inode));
    }
    if let Some(inode) = inode(link, "socket:[") {
        return Ok(ObjectId::socket(inode));
    }
    if !link.starts_with('/') || link.starts_with("/dev/null") || link.starts_with("/dev/pts/") {
        return Ok(ObjectId(format!("path:{link}")));
    }
    // This follows the link without opening anything.
    let metadata = fs::metadata(path)?;
    let (device, inode) = (metadata.dev(), metadata.ino());
    if metadata.file_type().is_fifo() {
        Ok(ObjectId::pipe(device, inode))
    } else if is_message_queue(path, link) {
        Ok(ObjectId(format!("mqueue:{device}:{inode}")))
    } else if metadata.is_file() {
        Ok(ObjectId::file(device, inode))
    } else {
        Ok(ObjectId(format!("path:{link}")))
    }
}

fn inode(link: &str, prefix: &str) -> Option<u64> {
    link.strip_prefix(prefix)?.strip_suffix(']')?.parse().ok()
}

/// Queues stand in a file system without folders.
fn is_message_queue(path: &str, link: &str) -> bool {
    link.matches('/').count() == 1
        && statfs(path).is_ok_and(|found| found.filesystem_type().0 == MQUEUE_MAGIC)
}
