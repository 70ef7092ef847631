//! Leftovers: the FIFOs of a watchdog that was killed are removed by the next one at its start, also
//! if it has fewer servers.
//!
//! This stops a killed watchdog from leaving FIFOs behind: `watchdog`
//! `without_its_watchdog_no_server_stays_and_the_next_one_starts`.

use std::fs;
use std::io;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use q1_pipes::fifo;
use tracing::info;

use crate::channel;

/// Removes the FIFOs between servers that DIR holds. Only for who has DIR's lock.
///
/// # Errors
/// If DIR cannot be read or written. See readdir(3).
pub fn remove(dir: &Path) -> io::Result<()> {
    let mut removed = 0;
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let ours = entry.file_name().to_str().is_some_and(channel::is_name);
        if ours && entry.file_type()?.is_fifo() {
            fifo::unlink(&entry.path())?;
            removed += 1;
        }
    }
    if removed > 0 {
        info!(removed, "FIFOs of a dead server were there");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use q1_pipes::fifo::Fifo;

    #[test]
    fn only_fifos_between_servers_are_removed() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        let _fifos = ["dw.consult9.fifo", "wd.reserve.fifo", "consult.fifo"]
            .map(|name| Fifo::create(path(name)).unwrap());
        fs::write(path("dw.notes.fifo"), "somebody's").unwrap();
        remove(dir.path()).unwrap();
        for gone in ["dw.consult9.fifo", "wd.reserve.fifo"] {
            assert!(!path(gone).exists(), "{gone}");
        }
        for kept in ["consult.fifo", "dw.notes.fifo"] {
            assert!(path(kept).exists(), "{kept}");
        }
    }
}
