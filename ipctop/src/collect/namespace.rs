//! Whether a process sees the System V objects that this one sees; elsewhere numbers mean others.

use std::fs;
use std::path::PathBuf;

/// Whether a process is in the IPC namespace of the calling thread; yes, if that cannot be seen.
pub(crate) fn is_same_ipc(pid: i32) -> bool {
    let of = |path: String| -> Option<PathBuf> { fs::read_link(path).ok() };
    match (of(format!("/proc/{pid}/ns/ipc")), of("/proc/thread-self/ns/ipc".to_owned())) {
        (Some(theirs), Some(ours)) => theirs == ours,
        _ => true,
    }
}
