//! What is at / in a box: a read-only file system in memory, and in it what programs need.

use std::fs::{self, File};
use std::os::fd::AsFd;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use anyhow::{Context, Result};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::unistd::{chdir, pivot_root, sethostname};

use crate::sandbox::order::Order;
use crate::sandbox::sources::{Sources, below};
use crate::sys;

/// The home of the student.
pub(crate) const HOME: &str = "/home/student";
/// Where the new root is put together: every machine has this folder.
const BUILDING: &str = "/tmp";

/// Sizes of what is not the submission's folder.
const TMP_BYTES: u64 = 64 << 20;
const SHM_BYTES: u64 = 64 << 20;
const ROOT_BYTES: u64 = 1 << 20;
/// Terminals of one box; those of all boxes together are bounded by the machine.
const TERMINALS: u32 = 200;

/// Makes / and goes there.
///
/// # Errors
/// Says which step the machine does not allow.
pub(crate) fn make(sources: &Sources, order: &Order) -> Result<()> {
    let new = Path::new(BUILDING);
    let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    mount(None::<&str>, "/", None::<&str>, private, None::<&str>)
        .context("cannot make mounts private")?;
    memory(new, ROOT_BYTES, 0o755)?;
    // These first: a toolchain may be below one of them.
    for (path, bytes, mode) in [
        ("tmp", TMP_BYTES, 0o1777),
        ("dev/shm", SHM_BYTES, 0o1777),
        (&HOME[1..], order.scratch_bytes, 0o755),
    ] {
        memory(&new.join(path), bytes, mode)?;
    }
    for (path, tree) in &sources.folders {
        let (path, text) = below(new, path);
        fs::create_dir_all(&path).with_context(|| cannot("make", &path))?;
        sys::move_mount(tree.as_fd(), &text).with_context(|| cannot("mount", &path))?;
    }
    for (link, target) in &sources.links {
        let (path, _) = below(new, link);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).with_context(|| cannot("make", folder))?;
        }
        symlink(target, &path).with_context(|| cannot("link", &path))?;
    }
    devices(sources, new)?;
    file_system(&new.join("dev/mqueue"), "mqueue", "")?;
    let pts = format!("newinstance,ptmxmode=0666,mode=0620,max={TERMINALS}");
    file_system(&new.join("dev/pts"), "devpts", &pts)?;
    file_system(&new.join("proc"), "proc", "")?;
    for (link, target) in [("var/tmp", "/tmp"), ("var/lock", "/tmp"), ("run", "/tmp")] {
        fs::create_dir_all(new.join("var")).with_context(|| cannot("make", new))?;
        symlink(target, new.join(link)).with_context(|| cannot("link", link.as_ref()))?;
    }
    enter(new)?;
    sethostname("box").context("cannot name the box")
}

/// Leaves the machine's files for the new ones, which can then only be read.
fn enter(new: &Path) -> Result<()> {
    chdir(new).with_context(|| cannot("enter", new))?;
    // The old root comes to lie on the new one, and is taken away.
    pivot_root(".", ".").context("cannot change the root")?;
    umount2(".", MntFlags::MNT_DETACH).context("cannot leave the machine's files")?;
    chdir("/").context("cannot enter the new root")?;
    let attributes = MsFlags::MS_REMOUNT
        | MsFlags::MS_BIND
        | MsFlags::MS_RDONLY
        | MsFlags::MS_NOSUID
        | MsFlags::MS_NODEV;
    mount(None::<&str>, "/", None::<&str>, attributes, None::<&str>)
        .context("cannot make the root read-only")
}

fn devices(sources: &Sources, new: &Path) -> Result<()> {
    fs::create_dir_all(new.join("dev")).context("cannot make /dev")?;
    for (path, tree) in &sources.devices {
        let (path, text) = below(new, path);
        File::create(&path).with_context(|| cannot("make", &path))?;
        sys::move_mount(tree.as_fd(), &text).with_context(|| cannot("mount", &path))?;
    }
    for (link, target) in [
        ("fd", "/proc/self/fd"),
        ("stdin", "/proc/self/fd/0"),
        ("stdout", "/proc/self/fd/1"),
        ("stderr", "/proc/self/fd/2"),
        ("ptmx", "pts/ptmx"),
    ] {
        symlink(target, new.join("dev").join(link)).context("cannot make /dev")?;
    }
    Ok(())
}

/// A file system in memory.
fn memory(at: &Path, bytes: u64, mode: u32) -> Result<()> {
    // A file takes a page, and as many files as pages are enough.
    let n_files = bytes / 4096 + 100;
    file_system(at, "tmpfs", &format!("size={bytes},nr_inodes={n_files},mode={mode:o}"))?;
    fs::set_permissions(at, fs::Permissions::from_mode(mode)).with_context(|| cannot("open", at))
}

fn file_system(at: &Path, kind: &str, options: &str) -> Result<()> {
    fs::create_dir_all(at).with_context(|| cannot("make", at))?;
    let mut attributes = MsFlags::MS_NOSUID;
    if kind != "tmpfs" {
        attributes |= MsFlags::MS_NOEXEC;
    }
    if kind != "devpts" {
        attributes |= MsFlags::MS_NODEV;
    }
    mount(Some(kind), at, Some(kind), attributes, Some(options))
        .with_context(|| format!("cannot mount {kind} on {}", at.display()))
}

fn cannot(verb: &str, path: &Path) -> String {
    format!("cannot {verb} {}", path.display())
}
