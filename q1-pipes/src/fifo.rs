//! One FIFO: its maker removes it, and every open checks that it is a FIFO.

use std::ffi::OsStr;
use std::fs::{File, Metadata};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use common::program::exit::plain;
use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, AtFlags, FcntlArg, OFlag, fcntl, openat};
use nix::sys::stat::{Mode, fstatat};
use nix::unistd::{UnlinkatFlags, geteuid, mkfifoat, unlinkat};

/// The name of a FIFO in the file system.
#[derive(Debug)]
pub struct Fifo {
    path: PathBuf,
    /// The directory in which it was made: that one may have another name by now.
    directory: File,
    /// Its device and inode: another FIFO may have taken its name.
    inode: (u64, u64),
    /// The process that made the FIFO and removes it. A forked worker has a copy of this handle, and
    /// must not remove it.
    maker: Option<u32>,
}

impl Fifo {
    /// Makes a FIFO for this user only, after it has removed any file of this name.
    ///
    /// An old FIFO is never used again: another process may still have it open, with bytes in it.
    ///
    /// # Errors
    /// ENOENT, EACCES, ENOSPC; EISDIR if a directory is in the way. Says so where a file system has no
    /// FIFOs. See mkfifoat(3).
    pub fn create(path: PathBuf) -> io::Result<Fifo> {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let directory = File::open(parent.unwrap_or(Path::new(".")))?;
        let name = path.file_name().unwrap_or_default();
        unlink_at(&directory, name)?;
        mkfifoat(&directory, name, Mode::S_IRUSR | Mode::S_IWUSR).map_err(explain)?;
        let inode = inode(&directory, name)?;
        Ok(Fifo { directory, inode, maker: Some(std::process::id()), path })
    }

    /// Where it was made.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// As [`open_reader`], in the directory where it was made.
    ///
    /// # Errors
    /// As [`open_reader`].
    pub fn open_reader(&self) -> io::Result<File> {
        open(&self.directory, self.name(), OFlag::O_RDONLY)
    }

    /// As [`open_writer`], in the directory where it was made.
    ///
    /// # Errors
    /// As [`open_writer`].
    pub fn open_writer(&self) -> io::Result<File> {
        open_writer_at(&self.directory, self.name())
    }

    /// Opens both ends at once, without waiting for anybody. While this is open, no reader gets an end
    /// of file and no writer EPIPE.
    ///
    /// # Errors
    /// As [`open_reader`]. See fifo(7).
    pub fn open_both(&self) -> io::Result<File> {
        open(&self.directory, self.name(), OFlag::O_RDWR)
    }

    /// Removes the name. Who has the FIFO open keeps it; nobody else can open it.
    ///
    /// # Errors
    /// EACCES. See unlinkat(2).
    pub fn remove(&mut self) -> io::Result<()> {
        self.maker = None;
        match inode(&self.directory, self.name()) {
            Ok(inode) if inode != self.inode => Ok(()),
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => unlink_at(&self.directory, self.name()),
        }
    }

    fn name(&self) -> &OsStr {
        self.path.file_name().unwrap_or_default()
    }
}

impl Drop for Fifo {
    fn drop(&mut self) {
        if self.maker == Some(std::process::id())
            && let Err(error) = self.remove()
        {
            tracing::warn!("cannot remove {}: {error}", self.path.display());
        }
    }
}

/// The file systems of other systems (FAT, some of networks) have no FIFOs, each with its own error.
fn explain(errno: Errno) -> io::Error {
    let error = io::Error::from(errno);
    match errno {
        Errno::EPERM | Errno::EIO | Errno::EOPNOTSUPP | Errno::ENOSYS => io::Error::other(format!(
            "{}: this file system cannot hold FIFOs: use a --dir on another one, such as /tmp",
            plain(&error)
        )),
        _ => error,
    }
}

/// Device and inode of the file with this name in a directory.
pub(crate) fn inode(directory: impl AsFd, name: impl AsRef<OsStr>) -> io::Result<(u64, u64)> {
    let stat = fstatat(directory, name.as_ref(), AtFlags::AT_SYMLINK_NOFOLLOW)?;
    Ok((stat.st_dev, stat.st_ino))
}

/// Device and inode.
pub(crate) fn inode_of(metadata: &Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

/// Removes a name, if it is there.
///
/// # Errors
/// EACCES; EISDIR for a directory. See unlink(2).
pub fn unlink(path: &Path) -> io::Result<()> {
    unlink_at(AT_FDCWD, path.as_os_str())
}

fn unlink_at(directory: impl AsFd, name: &OsStr) -> io::Result<()> {
    match unlinkat(directory, name, UnlinkatFlags::NoRemoveDir) {
        Err(Errno::ENOENT) => Ok(()),
        result => Ok(result?),
    }
}

/// Opens the end that reads, without waiting for a writer. A read does not wait either, until
/// [`set_nonblocking`] changes that.
///
/// # Errors
/// ENOENT; ELOOP for a symbolic link; EINVAL if it is no FIFO, has several names, or is another
/// user's. See fifo(7).
pub fn open_reader(path: &Path) -> io::Result<File> {
    open(AT_FDCWD, path.as_os_str(), OFlag::O_RDONLY)
}

/// Opens the end that writes, without waiting for a reader. A write does not wait either, until
/// [`set_nonblocking`] changes that.
///
/// # Errors
/// ENXIO if nobody has the other end open; as [`open_reader`]. See fifo(7).
pub fn open_writer(path: &Path) -> io::Result<File> {
    open_writer_at(AT_FDCWD, path)
}

/// The same in a directory that is open, whatever its name is by now.
///
/// # Errors
/// As [`open_writer`].
pub(crate) fn open_writer_at(directory: impl AsFd, name: impl AsRef<OsStr>) -> io::Result<File> {
    open(directory, name.as_ref(), OFlag::O_WRONLY)
}

/// Sets whether calls on this open end return EAGAIN instead of waiting. The setting belongs to the
/// open file description: it also changes for a process that got the end by fork.
///
/// # Errors
/// None that can happen. See fcntl(2).
pub fn set_nonblocking(end: &File, nonblocking: bool) -> io::Result<()> {
    let mut flags = OFlag::from_bits_retain(fcntl(end, FcntlArg::F_GETFL)?);
    flags.set(OFlag::O_NONBLOCK, nonblocking);
    fcntl(end, FcntlArg::F_SETFL(flags))?;
    Ok(())
}

/// Opens a FIFO and nothing else: what we write must not end up in a file of the user's. Never waits
/// for somebody who opens the other end.
fn open(directory: impl AsFd, name: &OsStr, access: OFlag) -> io::Result<File> {
    let flags = access | OFlag::O_NONBLOCK | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let end = File::from(openat(directory, name, flags, Mode::empty())?);
    let metadata = end.metadata()?;
    let fault = if !metadata.file_type().is_fifo() {
        "it is not a FIFO".to_owned()
    } else if metadata.uid() != geteuid().as_raw() {
        format!("it belongs to user {}", metadata.uid())
    } else if metadata.nlink() != 1 {
        // A second name of a request FIFO would lead the server's replies back to it as requests.
        format!("it has {} names", metadata.nlink())
    } else {
        return Ok(end);
    };
    Err(io::Error::new(io::ErrorKind::InvalidInput, fault))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, OpenOptions};
    use std::io::{Read, Write};
    use std::os::unix::fs::{OpenOptionsExt, symlink};

    use nix::unistd::mkfifo;

    #[test]
    fn a_new_fifo_takes_the_place_of_an_old_one_and_goes_with_its_maker() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("fifo");
        fs::write(&path, "not a FIFO").unwrap();
        let fifo = Fifo::create(path.clone()).unwrap();
        assert_eq!(path.metadata().unwrap().mode(), 0o10600);
        assert_eq!(open_writer(&path).unwrap_err().raw_os_error(), Some(libc::ENXIO));
        let mut reader = open_reader(&path).unwrap();
        let mut writer = open_writer(&path).unwrap();
        assert_eq!(reader.read(&mut [0]).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        set_nonblocking(&reader, false).unwrap();
        writer.write_all(b"x").unwrap();
        assert_eq!(reader.read(&mut [0]).unwrap(), 1);
        let directory = fifo.directory.try_clone().unwrap();
        drop(Fifo { path: path.clone(), directory, inode: fifo.inode, maker: Some(1) });
        assert!(path.exists(), "a process that did not make it has removed it");
        let second = Fifo::create(path.clone()).unwrap();
        drop(fifo);
        assert!(path.exists(), "its name was another FIFO's by then");
        drop(second);
        assert!(!path.exists());
    }

    #[test]
    fn nothing_but_a_fifo_with_one_name_is_opened() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        let refused = |make: &dyn Fn()| {
            unlink(&path).unwrap();
            make();
            // A reader of our own, so that a mistake shows as a success.
            let _reader =
                OpenOptions::new().read(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(&path);
            open_writer(&path).unwrap_err()
        };
        let target = dir.path().join("target");
        assert!(refused(&|| fs::write(&path, "").unwrap()).to_string().contains("not a FIFO"));
        let dangling = refused(&|| symlink("nowhere", &path).unwrap());
        assert_eq!(dangling.raw_os_error(), Some(libc::ELOOP));
        mkfifo(&target, Mode::S_IRWXU).unwrap();
        let link = refused(&|| symlink(&target, &path).unwrap());
        assert_eq!(link.raw_os_error(), Some(libc::ELOOP));
        let twice = refused(&|| fs::hard_link(&target, &path).unwrap());
        assert!(twice.to_string().contains("2 names"));
    }
}
