//! A folder of files as an archive in memory: the form in which a submission goes in and comes out.

use std::ffi::OsString;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tar::{Archive, Builder, EntryType, Header};

/// More files than this are no submission.
const MAX_FILES: usize = 20_000;

/// A folder and what is in it: folders, files, links (not what they point to) and FIFOs.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    archive: Vec<u8>,
}

impl Tree {
    /// Reads a folder. Sockets, devices and what is mounted in it are left out.
    ///
    /// # Errors
    /// "cannot read PATH"; or there are too many files, or more than `max_bytes` in them.
    pub fn read(folder: &Path, max_bytes: u64) -> io::Result<Tree> {
        let mut builder = Builder::new(Vec::new());
        // Missing here, a wrong path would be an empty submission.
        let mut waiting = vec![(PathBuf::new(), folder.to_owned())];
        let (mut left, mut n_files) = (max_bytes, 0);
        let mut file_system = None;
        while let Some((name, path)) = waiting.pop() {
            let failed =
                |error| io::Error::other(format!("cannot read {}: {error}", path.display()));
            n_files += 1;
            if n_files > MAX_FILES {
                return Err(io::Error::other(format!("there are more than {MAX_FILES} files")));
            }
            let is_top = name.as_os_str().is_empty();
            let status = if is_top { fs::metadata(&path) } else { fs::symlink_metadata(&path) };
            let status = status.map_err(failed)?;
            if status.is_dir() {
                if *file_system.get_or_insert(status.dev()) != status.dev() {
                    continue;
                }
                if !is_top {
                    add(&mut builder, &name, &status, &[]).map_err(failed)?;
                }
                waiting.extend(
                    entries(&path)
                        .map_err(failed)?
                        .into_iter()
                        .map(|entry| (name.join(&entry), path.join(&entry))),
                );
            } else if is_top {
                return Err(failed(io::Error::from_raw_os_error(libc::ENOTDIR)));
            } else if status.is_file() {
                let content = content(&path, left).map_err(failed)?;
                left = left.checked_sub(content.len() as u64).ok_or_else(|| {
                    io::Error::other(format!("there are more than {max_bytes} bytes in files"))
                })?;
                add(&mut builder, &name, &status, &content).map_err(failed)?;
            } else if status.is_symlink() || status.file_type().is_fifo() {
                add_special(&mut builder, &name, &path, &status).map_err(failed)?;
            }
        }
        Ok(Tree { archive: builder.into_inner()? })
    }

    /// Writes all into a folder, which has nothing but mounts and the folders on the way to them.
    ///
    /// # Errors
    /// ENOSPC and others.
    pub(crate) fn unpack(archive: impl Read, folder: &Path) -> io::Result<()> {
        let mut archive = Archive::new(archive);
        // Folders come before what is in them; only later may they lose the right to be written.
        let mut folders = Vec::new();
        for entry in archive.entries()? {
            let mut entry = entry?;
            let path = folder.join(entry.path()?);
            match entry.header().entry_type() {
                EntryType::Directory => {
                    fs::create_dir_all(&path)?;
                    folders.push((path, entry.header().mode()?));
                }
                EntryType::Fifo => {
                    let mode = nix::sys::stat::Mode::from_bits_truncate(entry.header().mode()?);
                    nix::unistd::mkfifo(&path, mode)?;
                }
                _ => {
                    entry.set_preserve_permissions(true);
                    entry.unpack(&path)?;
                }
            }
        }
        for (path, mode) in folders.into_iter().rev() {
            fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
        }
        Ok(())
    }

    /// The archive.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.archive
    }

    /// Adds a piece of an archive.
    pub(crate) fn extend(&mut self, piece: &[u8]) {
        self.archive.extend(piece);
    }
}

fn entries(folder: &Path) -> io::Result<Vec<OsString>> {
    let mut names: Vec<OsString> = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.file_name()))
        .collect::<io::Result<_>>()?;
    names.sort();
    Ok(names)
}

/// A file's bytes, and at most one more than may be: then it is too long.
///
/// # Errors
/// It is no file, or a link to one. See open(2).
pub(crate) fn content(path: &Path, max: u64) -> io::Result<Vec<u8>> {
    // Nothing that took the file's place a moment ago is followed or waited for.
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_NOCTTY;
    let file = File::options().read(true).custom_flags(flags).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    let mut content = Vec::new();
    file.take(max.saturating_add(1)).read_to_end(&mut content)?;
    Ok(content)
}

fn header(status: &Metadata, kind: EntryType, size: usize) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    // No other user's rights go in.
    header.set_mode(status.mode() & 0o777);
    header.set_mtime(status.mtime().max(0) as u64);
    header.set_size(size as u64);
    header
}

fn add(
    builder: &mut Builder<Vec<u8>>,
    name: &Path,
    status: &Metadata,
    content: &[u8],
) -> io::Result<()> {
    let kind = if status.is_dir() { EntryType::Directory } else { EntryType::Regular };
    builder.append_data(&mut header(status, kind, content.len()), name, content)
}

fn add_special(
    builder: &mut Builder<Vec<u8>>,
    name: &Path,
    path: &Path,
    status: &Metadata,
) -> io::Result<()> {
    if status.is_symlink() {
        let target = fs::read_link(path)?;
        return builder.append_link(&mut header(status, EntryType::Symlink, 0), name, target);
    }
    builder.append_data(&mut header(status, EntryType::Fifo, 0), name, io::empty())
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStringExt;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_folder_comes_out_as_it_went_in() {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let strange = OsString::from_vec(b"caf\xe9 'x\" $(id)".to_vec());
        fs::create_dir_all(from.path().join("deep").join(&strange)).unwrap();
        let file = from.path().join("deep").join(&strange).join("a".repeat(200));
        fs::write(&file, "text").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o750)).unwrap();
        symlink("/etc/passwd", from.path().join("link")).unwrap();
        nix::unistd::mkfifo(&from.path().join("fifo"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        fs::set_permissions(from.path().join("deep"), fs::Permissions::from_mode(0o555)).unwrap();

        let tree = Tree::read(from.path(), 1000).unwrap();
        Tree::unpack(tree.bytes(), to.path()).unwrap();

        let copy = to.path().join("deep").join(&strange).join("a".repeat(200));
        assert_eq!(fs::read(&copy).unwrap(), b"text");
        assert_eq!(fs::metadata(&copy).unwrap().mode() & 0o7777, 0o750);
        assert_eq!(fs::metadata(&copy).unwrap().mtime(), fs::metadata(&file).unwrap().mtime());
        assert_eq!(fs::read_link(to.path().join("link")).unwrap(), Path::new("/etc/passwd"));
        assert!(fs::metadata(to.path().join("fifo")).unwrap().file_type().is_fifo());
        assert_eq!(fs::metadata(to.path().join("deep")).unwrap().mode() & 0o777, 0o555);
        for folder in [from.path(), to.path()] {
            fs::set_permissions(folder.join("deep"), fs::Permissions::from_mode(0o755)).unwrap();
        }
    }

    #[test]
    fn a_folder_that_is_too_large_or_none_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), [0; 11]).unwrap();
        assert!(Tree::read(folder.path(), 11).is_ok());
        assert!(Tree::read(folder.path(), 10).is_err());
        let error = Tree::read(&folder.path().join("absent"), 10).unwrap_err();
        assert!(error.to_string().contains("absent"), "{error}");
        assert!(Tree::read(&folder.path().join("file"), 20).is_err());
    }
}
