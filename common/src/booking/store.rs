//! The open data file: seat counts are overwritten in place and made durable, nothing else is.

use std::fs::File;
use std::io;
use std::mem::{offset_of, size_of};
use std::os::unix::fs::FileExt;
use std::path::Path;

use anyhow::Context;
use clap::ValueEnum;
use nix::errno::Errno;
use nix::fcntl::AtFlags;
use nix::sys::stat::{FileStat, fstat, fstatat};
use nix::unistd::fdatasync;
use zerocopy::IntoBytes;

use crate::booking::data_file::{self, DATA_FILE};
use crate::booking::table::Table;
use crate::protocol::record::{ROWS, Spectacle};

/// What an acknowledged reservation survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Durability {
    /// The death of any process and a power cut: fdatasync before every acknowledgement
    Power,
    /// The death of any process, but not a power cut: no sync
    Process,
}

/// The open data file.
#[derive(Debug)]
pub struct Store {
    pub(crate) file: File,
    /// DIR, in which the file must keep its name.
    dir: File,
    /// What the file was when it was opened.
    opened: FileStat,
    durability: Durability,
}

impl Store {
    /// Opens the data file of DIR and reads the table; creates it from `new` if there is none.
    ///
    /// The table is written back and synced before this returns. Otherwise counts that a crash left
    /// unsynced would be shown and then taken back by a power cut, and pages that a failed sync
    /// left marked clean would never reach the disk.
    ///
    /// # Errors
    /// If the file is no data file (it is left as it is), another process writes to it, or it cannot
    /// be read, written or synced.
    pub fn open(
        dir: &Path,
        new: Option<&Table>,
        durability: Durability,
    ) -> anyhow::Result<(Store, Table)> {
        let path = dir.join(DATA_FILE);
        data_file::remove_unfinished(&path)?;
        if let (Some(table), false) = (new, data_file::exists(dir)) {
            data_file::create(&path, table)?;
        }
        let (file, table) =
            data_file::open(&path).with_context(|| format!("cannot use {}", path.display()))?;
        let opened = fstat(&file).with_context(|| format!("cannot use {}", path.display()))?;
        let dir = File::open(dir).with_context(|| format!("cannot open {}", dir.display()))?;
        let store = Store { file, dir, opened, durability };
        store
            .write_at(table.as_bytes(), 0)
            .and_then(|()| Ok(fdatasync(&store.file)?))
            .and_then(|()| store.check_place())
            .with_context(|| format!("cannot write {}", path.display()))?;
        Ok((store, table))
    }

    /// Makes the seat counts that differ durable: one write for each, one sync for all.
    ///
    /// A count is 4 aligned bytes and never straddles a sector, so a crash leaves each count old or
    /// new; that is why there is no journal. Nothing differs, nothing is written or synced.
    ///
    /// # Errors
    /// Of pwrite and fdatasync. After one, nobody knows what is on disk, and a second sync would
    /// answer 0 while the disk keeps the old data: the caller must not go on. See fsync(2). Also if
    /// somebody has removed, replaced or cut the file: what was written is in no file of DIR.
    pub fn write(&self, before: &Table, after: &Table) -> io::Result<()> {
        let is_changed = |row: &usize| before.rows[*row].seats != after.rows[*row].seats;
        let changed = (0..ROWS).filter(is_changed);
        if is_changed(&(ROWS - 1)) {
            // The last row would make a file that was cut as long as it should be.
            self.check_place()?;
        }
        let mut unsynced = false;
        for row in changed {
            let offset = row * size_of::<Spectacle>() + offset_of!(Spectacle, seats);
            self.write_at(after.rows[row].seats.as_bytes(), offset as u64)?;
            unsynced = true;
        }
        if unsynced && self.durability == Durability::Power {
            // Not File::sync_data: it repeats the call after EINTR, and no sync may be repeated.
            fdatasync(&self.file)?;
        }
        if unsynced { self.check_place() } else { Ok(()) }
    }

    /// Whether DIR still has the file under its name, and whole.
    ///
    /// Otherwise a server would go on acknowledging into a file that the next one does not find. That
    /// somebody overwrites the bytes in place is not seen.
    fn check_place(&self) -> io::Result<()> {
        let fault = match fstatat(&self.dir, DATA_FILE, AtFlags::AT_SYMLINK_NOFOLLOW) {
            Err(Errno::ENOENT) => "is gone: somebody has removed or renamed it".to_owned(),
            Err(errno) => return Err(errno.into()),
            Ok(found)
                if (found.st_dev, found.st_ino) != (self.opened.st_dev, self.opened.st_ino) =>
            {
                "is another file: somebody has replaced it".to_owned()
            }
            Ok(found) if found.st_size != size_of::<Table>() as i64 => {
                format!("is {} bytes long: somebody has changed it", found.st_size)
            }
            Ok(_) => return Ok(()),
        };
        Err(io::Error::other(format!("{DATA_FILE} {fault}")))
    }

    /// One pwrite; a short one is an error, because the file never grows and so cannot lack room
    /// for a part.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let written = loop {
            match self.file.write_at(bytes, offset) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => break result?,
            }
        };
        if written == bytes.len() {
            return Ok(());
        }
        Err(io::Error::new(
            io::ErrorKind::WriteZero,
            format!("{written} of {} bytes written", bytes.len()),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::booking::shows;
    use std::fs;
    use std::os::unix::fs::MetadataExt;
    use std::time::{Duration, Instant};
    use zerocopy::little_endian::I32;

    fn fresh() -> (tempfile::TempDir, Store, Table) {
        let dir = tempfile::tempdir().unwrap();
        let (store, table) =
            Store::open(dir.path(), Some(&shows::sample()), Durability::Power).unwrap();
        (dir, store, table)
    }

    /// What the next server finds.
    fn reopen(dir: &Path, store: Store) -> anyhow::Result<Table> {
        drop(store);
        Store::open(dir, None, Durability::Power).map(|(_, table)| table)
    }

    #[test]
    fn a_new_file_is_the_720_bytes_of_the_table_and_nothing_else() {
        let (dir, _store, table) = fresh();
        assert_eq!(fs::read(dir.path().join(DATA_FILE)).unwrap(), table.as_bytes());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        assert_eq!(fs::metadata(dir.path().join(DATA_FILE)).unwrap().mode() & 0o777, 0o600);
    }

    #[test]
    fn what_was_written_is_read_back() {
        let (dir, store, before) = fresh();
        let mut after = before;
        after.rows[2].seats = I32::new(1);
        after.rows[7].seats = I32::new(0);
        store.write(&before, &after).unwrap();
        assert_eq!(reopen(dir.path(), store).unwrap(), after);
    }

    #[test]
    fn a_file_that_is_there_is_the_table_whatever_is_new() {
        let (dir, store, table) = fresh();
        drop(store);
        let other = Some(&Table::new());
        assert_eq!(Store::open(dir.path(), other, Durability::Power).unwrap().1, table);
    }

    #[test]
    fn an_unfinished_file_that_cannot_be_removed_is_named() {
        let (dir, store, _) = fresh();
        fs::create_dir(dir.path().join("spectacles.dat.new")).unwrap();
        let error = reopen(dir.path(), store).unwrap_err().to_string();
        assert!(error.starts_with("cannot remove") && error.ends_with(".dat.new"), "{error}");
    }

    #[test]
    fn an_unfinished_file_of_a_crash_is_removed() {
        let (dir, store, table) = fresh();
        fs::write(dir.path().join("spectacles.dat.new"), b"half").unwrap();
        assert_eq!(reopen(dir.path(), store).unwrap(), table);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
    #[test]
    fn a_second_writer_waits_and_is_then_refused() {
        let (dir, _store, table) = fresh();
        let before = Instant::now();
        let error = Store::open(dir.path(), None, Durability::Power).unwrap_err();
        let error = format!("{error:#}");
        assert!(error.contains("another server has locked it"), "{error}");
        assert!(before.elapsed() >= Duration::from_secs(2));
        assert_eq!(data_file::read(&dir.path().join(DATA_FILE)).unwrap(), table);
    }

    #[test]
    fn what_is_written_into_a_file_without_its_name_or_length_is_an_error() {
        type Harm = fn(&Path);
        let harms: [(&str, Harm); 4] = [
            ("is gone", |path| fs::remove_file(path).unwrap()),
            ("is gone", |path| fs::remove_dir_all(path.parent().unwrap()).unwrap()),
            ("is another file", |path| {
                fs::copy(path, path.with_extension("new")).unwrap();
                fs::rename(path.with_extension("new"), path).unwrap();
            }),
            ("bytes long", |path| {
                File::options().write(true).open(path).unwrap().set_len(0).unwrap()
            }),
        ];
        for (expected, harm) in harms {
            // The last row is what a cut file would end with.
            for row in [0, ROWS - 1] {
                let mut before = shows::sample();
                before.rows[ROWS - 1] = before.rows[0];
                before.rows[ROWS - 1].id = I32::new(10);
                let base = tempfile::tempdir().unwrap();
                let dir = base.path().join("run");
                fs::create_dir(&dir).unwrap();
                let (store, _) = Store::open(&dir, Some(&before), Durability::Process).unwrap();
                let mut after = before;
                after.rows[row].seats = I32::new(1);
                store.write(&before, &after).unwrap();
                harm(&dir.join(DATA_FILE));
                let error = store.write(&after, &before).unwrap_err().to_string();
                assert!(error.contains(expected), "{error}");
                // Nothing changes, nothing is looked at.
                store.write(&before, &before).unwrap();
            }
        }
    }
}
