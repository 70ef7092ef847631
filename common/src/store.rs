//! The data file `DIR/spectacles.dat`: 720 bytes, created whole, then only overwritten in place.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::mem::{offset_of, size_of};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

use anyhow::{Context, bail};
use nix::unistd::fdatasync;
use zerocopy::{FromBytes, IntoBytes};

use crate::directory::open_file;
use crate::options::Durability;
use crate::record::{ROWS, Spectacle};
use crate::shows;
use crate::table::Table;

/// Name of the data file in DIR.
pub const DATA_FILE: &str = "spectacles.dat";
/// Name under which a new data file is written before it is complete.
const UNFINISHED: &str = "spectacles.dat.new";

/// The open data file.
#[derive(Debug)]
pub struct Store {
    pub(crate) file: File,
    durability: Durability,
}

/// Whether DIR has a data file already; then it is the table, whatever `--shows` says.
pub fn exists(dir: &Path) -> bool {
    fs::symlink_metadata(dir.join(DATA_FILE)).is_ok()
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
        let unfinished = dir.join(UNFINISHED);
        remove_if_there(&unfinished)?;
        if let (Some(table), false) = (new, exists(dir)) {
            let created = create(&unfinished, &path, dir, table);
            if created.is_err() {
                remove_if_there(&unfinished)?;
            }
            created.with_context(|| format!("cannot create {}", path.display()))?;
        }
        let (file, table) =
            read(&path).with_context(|| format!("cannot use {}", path.display()))?;
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

/// The table in the bytes of a data file, which may be anything.
///
/// # Errors
/// Names the size or the row that is wrong.
pub fn parse(bytes: &[u8]) -> anyhow::Result<Table> {
    let Ok(table) = Table::read_from_bytes(bytes) else {
        bail!("it is {} bytes long, a table is {}", bytes.len(), size_of::<Table>());
    };
    for (row, show) in table.rows.iter().enumerate() {
        shows::check(show).with_context(|| format!("row {}", row + 1))?;
        let id = show.id;
        let twin = table.rows[..row].iter().position(|other| id != 0 && other.id == id);
        if let Some(twin) = twin {
            bail!("row {}: id {id} is also the id of row {}", row + 1, twin + 1);
        }
    }
    Ok(table)
}

fn read(path: &Path) -> anyhow::Result<(File, Table)> {
    let file = open_file(path, false)?;
    let mut bytes = Vec::new();
    (&file).take(size_of::<Table>() as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > size_of::<Table>() {
        bail!("it is {} bytes long, a table is {}", file.metadata()?.len(), size_of::<Table>());
    }
    Ok((file, parse(&bytes)?))
}

/// Writes the file under another name, so that no crash leaves half a data file under the real one.
fn create(unfinished: &Path, path: &Path, dir: &Path, table: &Table) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(unfinished)?;
    file.write_all(table.as_bytes())?;
    file.sync_all()?;
    fs::rename(unfinished, path)?;
    File::open(dir)?.sync_all()
}

fn remove_if_there(path: &Path) -> anyhow::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
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
    fn an_unfinished_file_of_a_crash_is_removed() {
        let (dir, _store, table) = fresh();
        fs::write(dir.path().join(UNFINISHED), b"half").unwrap();
        assert_eq!(reopen(dir.path()).unwrap(), table);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_damaged_file_is_refused_with_its_row_and_left_alone() {
        let good = shows::sample();
        type Spoil = fn(&mut Table);
        let damage: [(&str, Spoil); 8] = [
            ("row 2: id 1 is also", |t| t.rows[1].id = I32::new(1)),
            ("row 1: -1 seats", |t| t.rows[0].seats = I32::new(-1)),
            ("row 3: \"31/02/2027\"", |t| t.rows[2].date[..10].copy_from_slice(b"31/02/2027")),
            ("row 4: the title is not UTF-8", |t| t.rows[3].title[0] = 0xff),
            ("row 5: the title is 50 bytes", |t| t.rows[4].title = [b'x'; 50]),
            ("row 6: the bytes after", |t| t.rows[5].pad[1] = 1),
            ("row 9: id 0", |t| t.rows[8].seats = I32::new(1)),
            ("row 10: id -5", |t| t.rows[9].id = I32::new(-5)),
        ];
        for (expected, spoil) in damage {
            let (dir, _store, _) = fresh();
            let mut table = good;
            spoil(&mut table);
            let path = dir.path().join(DATA_FILE);
            fs::write(&path, table.as_bytes()).unwrap();
            let error = format!("{:#}", reopen(dir.path()).unwrap_err());
            assert!(error.contains(expected), "{error}");
            assert_eq!(fs::read(&path).unwrap(), table.as_bytes());
        }
        for len in [0, 1, 719, 721, 7200] {
            let (dir, _store, _) = fresh();
            fs::write(dir.path().join(DATA_FILE), vec![0; len]).unwrap();
            let error = format!("{:#}", reopen(dir.path()).unwrap_err());
            assert!(error.contains(&format!("it is {len} bytes long")), "{error}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_parser_panic_or_a_table_illegal(
            flips in prop::collection::vec((0..720_usize, any::<u8>()), 0..8),
            noise in prop::collection::vec(any::<u8>(), 700..740),
        ) {
            let mut bytes = shows::sample().as_bytes().to_vec();
            for (at, byte) in flips { bytes[at] = byte; }
            for bytes in [bytes, noise] {
                if let Ok(table) = parse(&bytes) {
                    prop_assert!(table.rows.iter().all(|row| row.seats.get() >= 0 && shows::check(row).is_ok()));
                }
            }
        }
    }
}
