//! The open data file: seat counts are overwritten in place and made durable, nothing else is.

use std::fs::File;
use std::io;
use std::mem::{offset_of, size_of};
use std::os::unix::fs::FileExt;
use std::path::Path;

use anyhow::Context;
use clap::ValueEnum;
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
    /// If the file is no data file (it is left as it is), or cannot be read, written or synced.
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
            data_file::read(&path).with_context(|| format!("cannot use {}", path.display()))?;
        let store = Store { file, durability };
        store
            .write_at(table.as_bytes(), 0)
            .and_then(|()| Ok(fdatasync(&store.file)?))
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
    /// answer 0 while the disk keeps the old data: the caller must not go on. See fsync(2).
    pub fn write(&self, before: &Table, after: &Table) -> io::Result<()> {
        let changed = (0..ROWS).filter(|&row| before.rows[row].seats != after.rows[row].seats);
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
        Ok(())
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
    use zerocopy::little_endian::I32;

    fn fresh() -> (tempfile::TempDir, Store, Table) {
        let dir = tempfile::tempdir().unwrap();
        let (store, table) =
            Store::open(dir.path(), Some(&shows::sample()), Durability::Power).unwrap();
        (dir, store, table)
    }

    fn reopen(dir: &Path) -> anyhow::Result<Table> {
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
        assert_eq!(reopen(dir.path()).unwrap(), after);
    }

    #[test]
    fn a_file_that_is_there_is_the_table_whatever_is_new() {
        let (dir, _store, table) = fresh();
        let other = Some(&Table::new());
        assert_eq!(Store::open(dir.path(), other, Durability::Power).unwrap().1, table);
    }

    #[test]
    fn an_unfinished_file_that_cannot_be_removed_is_named() {
        let (dir, _store, _) = fresh();
        fs::create_dir(dir.path().join("spectacles.dat.new")).unwrap();
        let error = reopen(dir.path()).unwrap_err().to_string();
        assert!(error.starts_with("cannot remove") && error.ends_with(".dat.new"), "{error}");
    }

    #[test]
    fn an_unfinished_file_of_a_crash_is_removed() {
        let (dir, _store, table) = fresh();
        fs::write(dir.path().join("spectacles.dat.new"), b"half").unwrap();
        assert_eq!(reopen(dir.path()).unwrap(), table);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
