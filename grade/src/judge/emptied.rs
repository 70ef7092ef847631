//! Folders of a submission are emptied: however deep, and whatever rights it took away.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use procfs::process::Process;

/// Removes what a folder holds, but not what is mounted in it. No process of the submission may run.
///
/// # Errors
/// Those of rename(2), unlink(2) and rmdir(2).
pub(crate) fn empty(top: &Path) -> io::Result<()> {
    let table = Process::myself().and_then(|own| own.mountinfo()).map_err(io::Error::other)?;
    let mut mounts: Vec<PathBuf> = table.into_iter().map(|mount| mount.mount_point).collect();
    mounts.retain(|mount| mount != top && mount.starts_with(top));
    empty_beside(top, &mounts)
}

/// Removes what a folder holds, but not these and the folders on the way to them.
///
/// Folders are lifted to the top one by one: a path to the deepest may be too long for any call.
fn empty_beside(top: &Path, mounts: &[PathBuf]) -> io::Result<()> {
    fs::set_permissions(top, fs::Permissions::from_mode(0o755))?;
    let mut n_lifted = 0;
    loop {
        let mut is_empty = true;
        for entry in fs::read_dir(top)? {
            let entry = entry?;
            let path = entry.path();
            if mounts.contains(&path) {
                continue;
            }
            if mounts.iter().any(|mount| mount.starts_with(&path)) {
                empty_beside(&path, mounts)?;
                continue;
            }
            is_empty = false;
            if !entry.file_type()?.is_dir() {
                fs::remove_file(entry.path())?;
                continue;
            }
            fs::set_permissions(entry.path(), fs::Permissions::from_mode(0o700))?;
            for inner in fs::read_dir(entry.path())? {
                let inner = inner?;
                if !inner.file_type()?.is_dir() {
                    fs::remove_file(inner.path())?;
                    continue;
                }
                // A folder that cannot be written cannot be moved: its `..` changes.
                fs::set_permissions(inner.path(), fs::Permissions::from_mode(0o700))?;
                n_lifted = lift(&inner.path(), top, n_lifted)?;
            }
            fs::remove_dir(entry.path())?;
        }
        if is_empty {
            return Ok(());
        }
    }
}

/// Moves a folder to the top, under a number that nothing has there; the next number.
fn lift(folder: &Path, top: &Path, mut number: u64) -> io::Result<u64> {
    loop {
        let path = top.join(format!(".lifted-{number}"));
        number += 1;
        if fs::symlink_metadata(&path).is_err() {
            fs::rename(folder, path)?;
            return Ok(number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_folder_is_emptied_however_deep_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let kept = tempfile::tempdir().unwrap();
        fs::write(kept.path().join("file"), "kept").unwrap();
        symlink(kept.path(), dir.path().join("link")).unwrap();
        fs::create_dir_all(dir.path().join(".lifted-1")).unwrap();
        // Deeper than a path can be, and than one process has descriptors.
        let chain = "import os, sys\nos.chdir(sys.argv[1])\nfor i in range(1500): \
            os.mkdir('deep'); os.chdir('deep')\nos.mkfifo('fifo'); os.chmod('.', 0)";
        let mut command = std::process::Command::new("python3");
        command.args(["-c", chain]).arg(dir.path());
        assert!(command.status().unwrap().success());
        empty(dir.path()).unwrap();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
        assert!(kept.path().join("file").exists());
    }
}
