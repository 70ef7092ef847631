//! DIR, the server's directory: its owner's alone, and so is everything in it.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

use anyhow::{Context, bail, ensure};
use nix::fcntl::OFlag;
use nix::unistd::geteuid;

use crate::program::shell;

/// Makes DIR with mode 0700 if it is missing, then checks it as [`check`] does.
///
/// # Errors
/// Of mkdir, or if DIR is not ours alone. One that could not be made so is removed again. See
/// mkdir(2).
pub fn make(dir: &Path) -> anyhow::Result<()> {
    let is_new = dir.symlink_metadata().is_err();
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .with_context(|| format!("cannot make the directory {}", dir.display()))?;
    let checked = check(dir);
    if is_new && checked.is_err() {
        let mode = dir.metadata().map_or(0, |metadata| metadata.mode() & 0o777);
        // Empty, it is of no use to anybody; if it cannot be removed, it does no harm.
        let _ = fs::remove_dir(dir);
        bail!(
            "cannot make {} private: it was made with mode 0700 and has {mode:04o}, so its file system \
             keeps no modes: use a --dir on another one",
            dir.display()
        );
    }
    checked
}

/// Checks that DIR is a directory of this user's with mode 0700: nobody else may list, read or
/// replace what is in it.
///
/// # Errors
/// Says what is wrong and what to do.
pub fn check(dir: &Path) -> anyhow::Result<()> {
    let metadata = dir.metadata().with_context(|| format!("cannot open {}", dir.display()))?;
    let me = geteuid().as_raw();
    let owner = metadata.uid();
    let mode = metadata.mode() & 0o777;
    ensure!(metadata.is_dir(), "{} is not a directory", dir.display());
    ensure!(
        owner == me,
        "{} belongs to user {owner} and this is user {me}: use a --dir of your own",
        dir.display()
    );
    let fault =
        if mode & 0o077 == 0 { "its owner lacks rights" } else { "other users could meddle" };
    ensure!(
        mode == 0o700,
        "{} has mode {mode:04o}, so {fault}: chmod 700 {}",
        dir.display(),
        shell::quoted(dir)
    );
    Ok(())
}

/// Opens a file in DIR for reading and writing, and makes it (mode 0600) if `create` says so.
///
/// # Errors
/// Of open (ELOOP for a symbolic link), or if it is not a regular file of this user's with one name
/// only: what we write must not end up somewhere else. See open(2).
pub fn open_file(path: &Path, create: bool) -> io::Result<File> {
    // O_NONBLOCK keeps a FIFO in the file's place from holding the open for ever.
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
    let mut options = OpenOptions::new();
    let file = options
        .read(true)
        .write(true)
        .create(create)
        .mode(0o600)
        .custom_flags(flags.bits())
        .open(path)?;
    let metadata = file.metadata()?;
    let fault = if !metadata.is_file() {
        "it is not a regular file".to_owned()
    } else if metadata.uid() != geteuid().as_raw() {
        format!("it belongs to user {}", metadata.uid())
    } else if metadata.nlink() != 1 {
        format!("it has {} names, so somebody else may write to it", metadata.nlink())
    } else {
        return Ok(file);
    };
    Err(io::Error::new(io::ErrorKind::InvalidInput, fault))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_new_directory_is_for_its_owner_only() {
        let parent = tempfile::tempdir().unwrap();
        let dir = parent.path().join("a/b");
        make(&dir).unwrap();
        assert_eq!(dir.metadata().unwrap().mode() & 0o777, 0o700);
        make(&dir).unwrap();
    }

    #[test]
    fn a_directory_that_others_can_enter_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        for mode in [0o755, 0o701, 0o770, 0o777] {
            fs::set_permissions(dir.path(), Permissions::from_mode(mode)).unwrap();
            assert!(make(dir.path()).unwrap_err().to_string().contains("chmod 700"), "{mode:o}");
        }
        assert!(make(&dir.path().join("no\0name")).is_err());
    }

    #[test]
    fn only_a_regular_file_with_one_name_is_opened() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        assert_eq!(open_file(&path, false).unwrap_err().kind(), io::ErrorKind::NotFound);
        assert_eq!(open_file(&path, true).unwrap().metadata().unwrap().mode() & 0o777, 0o600);
        fs::hard_link(&path, dir.path().join("second")).unwrap();
        assert!(open_file(&path, false).unwrap_err().to_string().contains("2 names"));
        fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("second", &path).unwrap();
        assert!(open_file(&path, true).is_err());
        fs::remove_file(&path).unwrap();
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert!(open_file(&path, true).unwrap_err().to_string().contains("not a regular file"));
    }
}
