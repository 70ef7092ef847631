//! Files that are complete or absent, and zip files as folders.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use tempfile::{NamedTempFile, TempDir};

/// More than this is no student's archive.
const ARCHIVE_MAX: u64 = 256 << 20;

/// Writes a file under another name first, so that nobody ever reads a part of it.
///
/// # Errors
/// ENOSPC, EACCES and others.
pub fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let written = || -> io::Result<()> {
        let folder = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        let mut file = NamedTempFile::new_in(folder)?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        use std::os::unix::fs::PermissionsExt;
        file.as_file().set_permissions(fs::Permissions::from_mode(0o644))?;
        file.persist(path)?;
        Ok(())
    };
    written().with_context(|| format!("cannot write {}", path.display()))
}

/// A name as a file's name: what a shell or a browser would misunderstand becomes `_`.
pub fn file_name(name: &str) -> String {
    let safe = |c: char| if c.is_alphanumeric() || "-_. ".contains(c) { c } else { '_' };
    let name: String = name.chars().map(safe).collect();
    if name.starts_with('.') { format!("_{name}") } else { name }
}

/// A student's folder: itself, or what a zip file holds, in a temporary folder.
///
/// # Errors
/// If the archive cannot be read, or is too large.
pub fn folder(path: &Path) -> anyhow::Result<(PathBuf, Option<TempDir>)> {
    if path.is_dir() {
        return Ok((path.to_owned(), None));
    }
    let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    let unzipped = || -> anyhow::Result<TempDir> {
        let mut archive = zip::ZipArchive::new(file)?;
        if archive.decompressed_size().is_none_or(|size| size > u128::from(ARCHIVE_MAX)) {
            bail!("it is larger than {} MiB", ARCHIVE_MAX >> 20);
        }
        let folder = TempDir::new()?;
        archive.extract(folder.path())?;
        Ok(folder)
    };
    let folder = unzipped().with_context(|| format!("cannot unpack {}", path.display()))?;
    // Many archives hold one folder that holds everything.
    let inner: Vec<PathBuf> =
        fs::read_dir(folder.path())?.flatten().map(|entry| entry.path()).collect();
    let path = match inner.as_slice() {
        [only] if only.is_dir() => only.clone(),
        _ => folder.path().to_owned(),
    };
    Ok((path, Some(folder)))
}
