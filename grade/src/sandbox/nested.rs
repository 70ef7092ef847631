//! The namespaces of the submission inside the box: there it is an ordinary user who can make no
//! namespaces, and cannot change the settings of the kernel that the judge can.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::path::Path;

use anyhow::{Context, Result, bail};
use nix::fcntl::OFlag;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{Pid, pause, pipe2};

use crate::sandbox::keeper::map;
use crate::sys;

/// The user that a submission is.
pub(crate) const STUDENT: u32 = 1000;

/// Namespaces that a program enters.
#[derive(Debug)]
pub(crate) struct Nested {
    pub(crate) user: OwnedFd,
    pub(crate) mounts: OwnedFd,
}

/// Makes them, by a process that ends then. This process must have one thread.
///
/// # Errors
/// Says which step the machine does not allow.
pub(crate) fn make() -> Result<Nested> {
    let (read, write) = pipe2(OFlag::O_CLOEXEC).context("cannot make a pipe")?;
    let Some(maker) = sys::fork().context("cannot start a process")? else {
        let mut tell = File::from(write);
        let said = match inside() {
            Ok(()) => String::new(),
            Err(error) => format!("{error:#}"),
        };
        // Without a listener there is nobody to be made for.
        let _ = tell.write_all(said.as_bytes());
        drop(tell);
        loop {
            pause();
        }
    };
    drop(write);
    let mut said = String::new();
    let heard = File::from(read).read_to_string(&mut said);
    let nested = open(maker);
    let ended = kill(maker, Signal::SIGKILL).and_then(|()| waitpid(maker, None));
    heard.context("cannot hear the maker of a namespace")?;
    ended.context("cannot end the maker of a namespace")?;
    if !said.is_empty() {
        bail!("{said}");
    }
    nested
}

fn open(maker: Pid) -> Result<Nested> {
    let open = |name: &str| {
        File::open(format!("/proc/{maker}/ns/{name}"))
            .with_context(|| format!("cannot open the {name} namespace"))
    };
    Ok(Nested { user: open("user")?.into(), mounts: open("mnt")?.into() })
}

/// What the maker does.
fn inside() -> Result<()> {
    unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS)
        .context("cannot make a user namespace in the box")?;
    map(STUDENT, 0, 0)?;
    let settings = "/proc/sys";
    let bind = MsFlags::MS_BIND | MsFlags::MS_REC;
    mount(Some(settings), settings, None::<&str>, bind, None::<&str>)
        .context("cannot mount /proc/sys")?;
    // None may be made below this namespace.
    for kind in ["user", "mnt", "pid", "net", "ipc", "uts", "cgroup"] {
        let limit = format!("/proc/sys/user/max_{kind}_namespaces");
        if Path::new(&limit).exists() {
            fs::write(&limit, "0").with_context(|| format!("cannot write {limit}"))?;
        }
    }
    let attributes = MsFlags::MS_REMOUNT
        | MsFlags::MS_BIND
        | MsFlags::MS_RDONLY
        | MsFlags::MS_NOSUID
        | MsFlags::MS_NODEV
        | MsFlags::MS_NOEXEC;
    mount(None::<&str>, settings, None::<&str>, attributes, None::<&str>)
        .context("cannot make /proc/sys read-only")
}
