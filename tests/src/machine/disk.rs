//! A disk whose power can be cut: an ext4 image on a loop device, in a mount namespace of this
//! thread's own.

use std::fs::{self, DirBuilder, File, Permissions};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use nix::errno::Errno;
use nix::mount::{MntFlags, MsFlags, mount, umount, umount2};
use nix::sched::{CloneFlags, unshare};
use tempfile::TempDir;

use crate::stage::skip;
use crate::{sys, wait};

/// Enough for the smallest journal that mkfs makes, and for a server's files.
const IMAGE_SIZE: u64 = 8 << 20;
/// How long to try when another test takes the same loop device, or a process that ends still has
/// a file open.
const BUSY_MAX: Duration = Duration::from_secs(10);

/// A disk for one directory.
///
/// Whatever way the test ends, nothing stays behind: the mounts go with the namespace, that with
/// the last thread in it, and the loop device detaches itself when nothing is mounted from it.
#[derive(Debug)]
pub struct Disk {
    base: TempDir,
}

impl Disk {
    /// Makes one; None, and a word on stderr, if this machine does not allow it.
    ///
    /// From here on mounts are this thread's own affair, and that of the threads and processes that
    /// it starts.
    ///
    /// # Panics
    /// If it allows a part of it.
    pub fn new(test: &str) -> Option<Disk> {
        let needs = "root, mkfs.ext4 and loop devices, for a disk whose power can be cut";
        let base = tempfile::tempdir().expect("a directory for the disk");
        if unshare(CloneFlags::CLONE_NEWNS) == Err(Errno::EPERM) {
            skip(test, needs);
            return None;
        }
        let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
        mount(None::<&str>, "/", None::<&str>, private, None::<&str>).expect("root may do so");
        // The image is in memory, so that nothing but the server waits for a real disk, and goes
        // with the namespace.
        mount(Some("tmpfs"), base.path(), Some("tmpfs"), MsFlags::empty(), None::<&str>)
            .expect("root may mount a tmpfs");
        let disk = Disk { base };
        let pristine = disk.path().join("pristine");
        File::create(&pristine).and_then(|file| file.set_len(IMAGE_SIZE)).expect("it is ours");
        let mut mkfs = Command::new("mkfs.ext4");
        let is_made = mkfs.arg("-q").arg(&pristine).status().is_ok_and(|status| status.success());
        if !is_made || !disk.furnish(&pristine) {
            skip(test, needs);
            return None;
        }
        Some(disk)
    }

    /// Gives the root of the file system the permissions of a DIR, and nothing in it; false if it
    /// cannot be mounted.
    fn furnish(&self, image: &Path) -> bool {
        let root = self.path().join("root");
        DirBuilder::new().mode(0o700).create(&root).expect("it is ours");
        let Some(mount) = wait::until(BUSY_MAX, || Mount::new(image, &root)) else {
            return false;
        };
        fs::remove_dir(root.join("lost+found")).expect("mkfs has made it");
        fs::set_permissions(&root, Permissions::from_mode(0o700)).expect("it is ours");
        mount.unmount();
        true
    }

    /// A place in memory beside the disk, which no power cut concerns.
    pub fn path(&self) -> &Path {
        self.base.path()
    }

    /// Replaces what is on the disk by an empty file system; nothing may be mounted from it.
    ///
    /// # Panics
    /// If there is no memory left.
    pub fn format(&self) {
        fs::copy(self.path().join("pristine"), self.image()).expect("there is memory");
    }

    /// Mounts it; after a cut the file system recovers here, as when a machine starts.
    ///
    /// # Panics
    /// If it cannot be mounted within 10 s.
    pub fn mount(&self, directory: &Path) -> Mount {
        let mounted = wait::until(BUSY_MAX, || Mount::new(&self.image(), directory));
        mounted.expect("the disk can be mounted")
    }

    fn image(&self) -> PathBuf {
        self.path().join("image")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        if let Err(errno) = umount2(self.base.path(), MntFlags::MNT_DETACH) {
            eprintln!("cannot unmount {}: {errno}", self.base.path().display());
        }
    }
}

/// The mounted disk; dropping it takes it away even from those who use it.
#[derive(Debug)]
pub struct Mount {
    directory: PathBuf,
    is_mounted: bool,
}

impl Mount {
    /// Mounts an image through a loop device that detaches itself; None if that fails.
    fn new(image: &Path, directory: &Path) -> Option<Mount> {
        let mut command = Command::new("mount");
        command.args(["-n", "-t", "ext4", "-o", "loop"]).arg(image).arg(directory);
        let is_mounted = command.output().ok()?.status.success();
        is_mounted.then(|| Mount { directory: directory.to_owned(), is_mounted })
    }

    /// Cuts the power: from now on nothing reaches the disk, not even what is in the journal's
    /// memory.
    ///
    /// # Panics
    /// If the file system does not know this call.
    pub fn cut(&self) {
        let root = File::open(&self.directory).expect("it is mounted");
        sys::ext4_shutdown(&root).expect("it is an ext4, and we are root");
    }

    /// Unmounts it, once the last file on it is closed.
    ///
    /// # Panics
    /// If it is still in use after 10 s.
    pub fn unmount(mut self) {
        wait::until_true("an unmount", BUSY_MAX, || match umount(&self.directory) {
            Err(Errno::EBUSY) => false,
            result => result.map(|()| true).expect("it is mounted"),
        });
        self.is_mounted = false;
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        if self.is_mounted
            && let Err(errno) = umount2(&self.directory, MntFlags::MNT_DETACH)
        {
            eprintln!("cannot unmount {}: {errno}", self.directory.display());
        }
    }
}
