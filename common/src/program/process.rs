//! Processes as the kernel shows them: their names in `ps`, and whether somebody is still alive.

use std::ffi::CStr;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

/// Longest name the kernel keeps, in bytes.
pub const NAME_MAX: usize = 15;

/// Names this process (its calling thread) for `ps -eLo pid,ppid,lwp,comm`; at most 15 bytes are
/// kept.
///
/// # Errors
/// Of prctl. See PR_SET_NAME(2const).
pub fn name(name: &str) -> io::Result<()> {
    // Not on the heap: a forked worker would copy pages of it for this.
    let mut bytes = [0; NAME_MAX + 1];
    let len = name.len().min(NAME_MAX);
    bytes[..len].copy_from_slice(&name.as_bytes()[..len]);
    let name = CStr::from_bytes_until_nul(&bytes).expect("the last byte is a NUL");
    Ok(nix::sys::prctl::set_name(name)?)
}

/// Has this thread, and those that it starts, take a processor from nobody when they wake up: what
/// they wait for comes together then. A policy that somebody chose before stays.
///
/// # Errors
/// EPERM, where a sandbox forbids it. See SCHED_BATCH in sched(7).
pub fn never_preempt() -> io::Result<()> {
    crate::sys::schedule_as_batch()
}

/// Has what this process makes belong to its user alone, with all rights.
///
/// The inherited umask may take the user's own rights away from files that we make and open again.
/// See umask(2).
pub fn make_private_files() {
    nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_retain(0o077));
}

/// The state letter of a process or thread (R, S, D, T, t, Z, X), or None if there is no such one.
///
/// See proc_pid_stat(5).
pub fn state(id: i32) -> Option<char> {
    let stat = fs::read_to_string(PathBuf::from(format!("/proc/{id}/stat"))).ok()?;
    // The name before it is in parentheses and may itself hold any character.
    let (_, after_name) = stat.rsplit_once(')')?;
    after_name.trim_start().chars().next()
}

/// Whether a process or thread is there and can still act: a zombie cannot, though `kill(pid, 0)`
/// finds it.
pub fn is_alive(id: i32) -> bool {
    !matches!(state(id), None | Some('Z' | 'X'))
}

/// The processes, other than this one, that have a file open.
///
/// # Errors
/// Of readdir. See proc(5).
pub fn users(file: &File) -> io::Result<Vec<i32>> {
    let wanted = file.metadata()?;
    let mut users = Vec::new();
    for process in fs::read_dir("/proc")?.flatten() {
        let Some(pid) = process.file_name().to_str().and_then(|name| name.parse::<i32>().ok())
        else {
            continue;
        };
        // A process that ends while we look, or that belongs to somebody else, holds nothing in a
        // DIR of ours.
        let Ok(descriptors) = fs::read_dir(process.path().join("fd")) else { continue };
        let same = |link: fs::DirEntry| {
            fs::metadata(link.path())
                .is_ok_and(|found| (found.dev(), found.ino()) == (wanted.dev(), wanted.ino()))
        };
        if pid != std::process::id() as i32 && descriptors.flatten().any(same) {
            users.push(pid);
        }
    }
    Ok(users)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Command, id};

    #[test]
    fn a_zombie_is_not_alive() {
        let mut child = Command::new("true").spawn().unwrap();
        let pid = child.id() as i32;
        nix::sys::wait::waitid(
            nix::sys::wait::Id::Pid(nix::unistd::Pid::from_raw(pid)),
            nix::sys::wait::WaitPidFlag::WEXITED | nix::sys::wait::WaitPidFlag::WNOWAIT,
        )
        .unwrap();
        assert_eq!(state(pid), Some('Z'));
        assert!(!is_alive(pid));
        child.wait().unwrap();
        assert_eq!(state(pid), None);
        assert!(is_alive(id() as i32));
    }

    #[test]
    fn a_name_shows_in_proc() {
        std::thread::spawn(|| {
            name("q9 (odd) name").unwrap();
            let tid = nix::unistd::gettid().as_raw();
            assert_eq!(fs::read_to_string(format!("/proc/{tid}/comm")).unwrap(), "q9 (odd) name\n");
            assert!(is_alive(tid));
        })
        .join()
        .unwrap();
    }
}
