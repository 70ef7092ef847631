//! What a server under test has on disk: DIR, the data file in it, and its log beside it.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use common::booking::table::Table;
use zerocopy::FromBytes;

use crate::server::Server;
use crate::target::Author;

/// Lines of the server's log that a failed test shows.
const LAST_WORDS: usize = 30;

impl Server {
    /// DIR.
    pub fn dir(&self) -> PathBuf {
        self.base.path().join("run")
    }

    /// DIR's data file.
    pub fn data_file(&self) -> PathBuf {
        self.dir().join("spectacles.dat")
    }

    /// Puts bytes into the data file, which may be no table.
    ///
    /// # Panics
    /// If it cannot be written.
    pub fn write_data_file(&self, bytes: &[u8]) {
        let mut options = File::options();
        let file =
            options.write(true).create(true).truncate(true).mode(0o600).open(self.data_file());
        file.and_then(|mut file| file.write_all(bytes)).expect("DIR is ours");
        *self.given.lock().expect("whoever holds it does not panic") = bytes.to_owned();
    }

    /// Whether the data file says more than what the test has put there.
    ///
    /// A stranger's server may keep its table in memory. That breaks the promise to be durable, which
    /// has checks of its own; all others compare with the file only if this holds.
    pub fn keeps_its_table(&self) -> bool {
        let given = self.given.lock().expect("whoever holds it does not panic");
        let is_as_given = fs::read(self.data_file()).is_ok_and(|now| now == *given);
        self.target.author() != Author::Stranger || !is_as_given
    }

    /// The table in the data file.
    ///
    /// # Panics
    /// If it is no table.
    pub fn table_on_disk(&self) -> Table {
        let bytes = fs::read(self.data_file()).expect("the data file can be read");
        Table::read_from_bytes(&bytes).expect("the data file is 720 bytes long")
    }

    /// A place for the test's own files, outside DIR.
    pub fn base(&self) -> &Path {
        self.base.path()
    }

    /// What the server has logged.
    pub fn log(&self) -> String {
        if let Some(stderr) = &self.stderr {
            return stderr.last();
        }
        fs::read_to_string(self.base.path().join("stderr")).unwrap_or_default()
    }

    /// The end of what it has logged, for the message of a failed test.
    pub fn last_words(&self) -> String {
        if let (None, Some(stderr)) = (&self.child, &self.stderr) {
            stderr.drain();
        }
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(LAST_WORDS)..].join("\n")
    }
}
