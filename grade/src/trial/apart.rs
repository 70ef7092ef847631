//! Queues, semaphores and shared memory of one's own, where that can be had.

use std::fs;

use anyhow::{Context, Result};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{getegid, geteuid};

/// Gives this process and its descendants objects that no other program sees, and that vanish with
/// the last of them; false: this machine does not allow it.
///
/// This process must have one thread only.
///
/// # Errors
/// It was begun, and cannot be finished: this process is of no use any more.
pub fn enter() -> Result<bool> {
    let (user, group) = (geteuid(), getegid());
    let objects = CloneFlags::CLONE_NEWIPC | CloneFlags::CLONE_NEWNS;
    let entered = if user.is_root() { objects } else { objects | CloneFlags::CLONE_NEWUSER };
    if unshare(entered).is_err() {
        return Ok(false);
    }
    if !user.is_root() {
        fs::write("/proc/self/setgroups", "deny").context("cannot keep my groups")?;
        fs::write("/proc/self/uid_map", format!("{user} {user} 1"))
            .context("cannot stay myself")?;
        fs::write("/proc/self/gid_map", format!("{group} {group} 1"))
            .context("cannot stay in my group")?;
    }
    const NONE: Option<&str> = None;
    let alone = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    mount(NONE, "/", NONE, alone, NONE).context("cannot keep mounts to myself")?;
    let own = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    mount(Some("shm"), "/dev/shm", Some("tmpfs"), own, Some("mode=1777,size=64m"))
        .context("cannot have shared memory of my own")?;
    // Without it, or without the folder, there are no names of such queues to be seen.
    let _ = mount(Some("mqueue"), "/dev/mqueue", Some("mqueue"), own, NONE);
    Ok(true)
}
