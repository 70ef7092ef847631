//! The bare write and fdatasync of four bytes: what a durable reservation cannot do without.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use anyhow::Context;
use nix::unistd::fdatasync;
use zerocopy::IntoBytes;

/// Where a seat count stands in the data file: the first row's.
const SEATS_AT: u64 = 68;

/// A file like the data file, in the same file system.
#[derive(Debug)]
pub struct Disk {
    file: File,
    seats: u32,
}

impl Disk {
    /// Makes the file, as large as a table, and syncs it.
    ///
    /// # Errors
    /// Of the calls.
    pub fn open(dir: &Path) -> anyhow::Result<Disk> {
        let file = File::create(dir.join("disk")).context("cannot make a file")?;
        let table = common::booking::shows::sample();
        file.write_all_at(table.as_bytes(), 0).context("cannot write the file")?;
        file.sync_all().context("cannot sync the file")?;
        Ok(Disk { file, seats: u32::MAX })
    }

    /// One count, and its sync.
    ///
    /// # Errors
    /// Of the calls.
    pub fn write_and_sync(&mut self) -> anyhow::Result<()> {
        self.seats = self.seats.wrapping_sub(1);
        self.file
            .write_all_at(&self.seats.to_le_bytes(), SEATS_AT)
            .context("cannot write the file")?;
        fdatasync(&self.file).context("cannot sync the file")
    }
}
