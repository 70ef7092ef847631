//! The data file `DIR/spectacles.dat`: 720 bytes, created whole, locked by who writes it, and read as
//! hostile input.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::mem::size_of;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use zerocopy::{FromBytes, IntoBytes};

use crate::booking::shows;
use crate::booking::table::Table;
use crate::program::directory::open_file;
use crate::program::process::users;

/// Name of the data file in DIR.
pub const DATA_FILE: &str = "spectacles.dat";
/// How long a killed writer may take to die.
const WAIT_MAX: Duration = Duration::from_secs(2);
/// How often to try the lock: no call waits for it until a deadline.
const POLL: Duration = Duration::from_millis(10);

/// Whether DIR has a data file already; then it is the table, whatever `--shows` says.
pub fn exists(dir: &Path) -> bool {
    fs::symlink_metadata(dir.join(DATA_FILE)).is_ok()
}

/// Creates a data file whole; one that is there already would be replaced.
///
/// It is written under another name first, so that no crash leaves half a data file under its own.
///
/// # Errors
/// Of open, write, fsync and rename; then nothing is left. See rename(2).
pub fn create(path: &Path, table: &Table) -> anyhow::Result<()> {
    let created = write_and_rename(path, table);
    if created.is_err() {
        remove_unfinished(path)?;
    }
    created.with_context(|| format!("cannot create {}", path.display()))
}

fn write_and_rename(path: &Path, table: &Table) -> io::Result<()> {
    let unfinished = unfinished(path);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
    file.write_all(table.as_bytes())?;
    file.sync_all()?;
    fs::rename(unfinished, path)?;
    // A path of one name has an empty parent.
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(dir)?.sync_all()
}

/// Removes what a crash has left of a creation.
///
/// # Errors
/// Of unlink, but for ENOENT. See unlink(2).
pub fn remove_unfinished(path: &Path) -> anyhow::Result<()> {
    let unfinished = unfinished(path);
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", unfinished.display()))
        }
        _ => Ok(()),
    }
}

/// The name under which a new data file is written before it is complete.
fn unfinished(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".new");
    name.into()
}

/// Opens a data file to write to it, and reads its table.
///
/// The file is locked until all processes that share the open file have closed it: whatever becomes
/// of DIR's lock file, two servers never write to one data file.
///
/// # Errors
/// Of open; if another process still has it locked after 2 s; or says what is wrong with the table.
/// The file is left as it is. See flock(2).
pub fn open(path: &Path) -> anyhow::Result<(File, Table)> {
    let file = open_file(path, false)?;
    lock(&file)?;
    let table = read_from(&file)?;
    Ok((file, table))
}

/// Reads the table of a data file, which a server may be writing to.
///
/// # Errors
/// Of open, or says what is wrong with the table.
pub fn read(path: &Path) -> anyhow::Result<Table> {
    read_from(&open_file(path, false)?)
}

fn lock(file: &File) -> anyhow::Result<()> {
    let deadline = Instant::now() + WAIT_MAX;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => sleep(POLL),
            Err(TryLockError::WouldBlock) => {
                bail!("another server has locked it and may write, one of {:?}", users(file)?)
            }
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
    }
}

fn read_from(file: &File) -> anyhow::Result<Table> {
    let mut bytes = Vec::new();
    file.take(size_of::<Table>() as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > size_of::<Table>() {
        bail!("it is {} bytes long, a table is {}", file.metadata()?.len(), size_of::<Table>());
    }
    parse(&bytes)
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use zerocopy::little_endian::I32;

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
            let dir = tempfile::tempdir().unwrap();
            let mut table = good;
            spoil(&mut table);
            let path = dir.path().join(DATA_FILE);
            fs::write(&path, table.as_bytes()).unwrap();
            let error = format!("{:#}", read(&path).unwrap_err());
            assert!(error.contains(expected), "{error}");
            assert_eq!(fs::read(&path).unwrap(), table.as_bytes());
        }
        for len in [0, 1, 719, 721, 7200] {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join(DATA_FILE);
            fs::write(&path, vec![0; len]).unwrap();
            let error = format!("{:#}", read(&path).unwrap_err());
            assert!(error.contains(&format!("it is {len} bytes long")), "{error}");
        }
    }

    #[test]
    fn a_new_file_is_written_under_another_name_first() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(DATA_FILE);
        // In the way of that name.
        fs::create_dir(dir.path().join("spectacles.dat.new")).unwrap();
        create(&path, &shows::sample()).unwrap_err();
        assert!(!exists(dir.path()));
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
