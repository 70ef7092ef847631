//! A zip file as a folder. Whoever packed it is a stranger.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use tempfile::TempDir;
use zip::ZipArchive;

/// More than this is no student's archive.
const ARCHIVE_MAX: u64 = 256 << 20;
/// Nor are more files.
const FILES_MAX: usize = 20_000;

/// A student's folder: itself, or what a zip file holds, in a new folder in `beside`.
///
/// # Errors
/// If the archive cannot be read, or is too large.
pub fn folder(path: &Path, beside: &Path) -> anyhow::Result<PathBuf> {
    if path.is_dir() {
        return Ok(path.to_owned());
    }
    let folder = TempDir::new_in(beside).context("cannot make a folder")?.keep();
    unpack(path, &folder, ARCHIVE_MAX)
        .with_context(|| format!("cannot unpack {}", path.display()))?;
    Ok(folder)
}

/// Writes folders and files. Links are left out: through one that was unpacked, the next file could
/// go anywhere. What the archive says of its size is not believed.
fn unpack(path: &Path, folder: &Path, max: u64) -> anyhow::Result<()> {
    let mut archive = ZipArchive::new(File::open(path)?)?;
    ensure!(archive.len() <= FILES_MAX, "there are more than {FILES_MAX} files in it");
    let mut left = max;
    for at in 0..archive.len() {
        let entry = archive.by_index(at)?;
        let Some(name) = entry.enclosed_name() else {
            bail!("{} leads out of it", entry.name());
        };
        let path = folder.join(name);
        if entry.is_dir() {
            fs::create_dir_all(&path)?;
        } else if entry.is_file() {
            fs::create_dir_all(path.parent().unwrap_or(folder))?;
            // Who may run it is kept. The grader can always read it and remove it.
            let mode = entry.unix_mode().unwrap_or(0o644) & 0o755 | 0o600;
            let mut file =
                OpenOptions::new().write(true).create_new(true).mode(mode).open(&path)?;
            let written = io::copy(&mut entry.take(left + 1), &mut file)?;
            left = left
                .checked_sub(written)
                .with_context(|| format!("there are more than {max} bytes in it"))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;
    use std::os::unix::fs::PermissionsExt;

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    fn zip(dir: &Path, fill: impl FnOnce(&mut ZipWriter<File>)) -> PathBuf {
        let path = dir.join("a.zip");
        let mut zip = ZipWriter::new(File::create(&path).unwrap());
        fill(&mut zip);
        zip.finish().unwrap();
        path
    }

    #[test]
    fn a_file_does_not_follow_a_link_of_its_archive() {
        let dir = tempfile::tempdir().unwrap();
        let outside = dir.path().join("outside");
        let path = zip(dir.path(), |zip| {
            let target = outside.to_str().unwrap();
            zip.add_symlink("link", target, SimpleFileOptions::default()).unwrap();
            zip.start_file("link", SimpleFileOptions::default()).unwrap_or(());
            zip.start_file("link/file", SimpleFileOptions::default()).unwrap();
            zip.write_all(b"text").unwrap();
        });
        let folder = folder(&path, dir.path()).unwrap();
        assert!(!outside.exists());
        assert!(folder.join("link/file").is_file(), "the folder of the link's name is a folder");
    }

    #[test]
    fn what_is_packed_can_be_read_and_run_whatever_its_rights_say() {
        let dir = tempfile::tempdir().unwrap();
        let path = zip(dir.path(), |zip| {
            let rights = |mode| SimpleFileOptions::default().unix_permissions(mode);
            zip.add_directory("closed", rights(0o000)).unwrap();
            zip.start_file("closed/secret", rights(0o000)).unwrap();
            zip.start_file("run", rights(0o4755)).unwrap();
        });
        let folder = folder(&path, dir.path()).unwrap();
        let mode = |name: &str| fs::metadata(folder.join(name)).unwrap().permissions().mode();
        assert_eq!(mode("closed/secret") & 0o7777, 0o600);
        assert_eq!(mode("run") & 0o7777, 0o755);
    }

    #[test]
    fn an_archive_that_lies_about_its_size_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = zip(dir.path(), |zip| {
            let packed =
                SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
            zip.start_file("zeros", packed).unwrap();
            zip.write_all(&[0; 4096]).unwrap();
        });
        // The central directory says the size at 24 bytes after its mark.
        let mut bytes = fs::read(&path).unwrap();
        let at = bytes.windows(4).rposition(|four| four == b"PK\x01\x02").unwrap();
        bytes[at + 24..at + 28].copy_from_slice(&1u32.to_le_bytes());
        fs::write(&path, bytes).unwrap();
        assert!(unpack(&path, dir.path(), 4095).is_err());
    }
}
