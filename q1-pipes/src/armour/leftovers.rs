//! Reply FIFOs outlive clients that were killed; the server removes them when it starts and stops.
//!
//! Stops: `q1_pipes_ending::the_fifos_of_killed_clients_go_at_the_start_and_at_the_stop`.

use std::fs;
use std::io;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use common::process::is_alive;
use tracing::{info, warn};

use crate::armour::inbox;
use crate::fifo;

/// Removes the FIFOs of DIR whose clients are gone.
///
/// Once at the start and once at the stop is enough: a FIFO without a reader costs an inode and
/// delays nobody. If another process gets the PID, it makes a new FIFO.
///
/// # Errors
/// If DIR cannot be read. See readdir(3).
pub fn remove(dir: &Path) -> io::Result<()> {
    let mut removed = 0;
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let gone = entry
            .file_name()
            .to_str()
            .and_then(inbox::client)
            .is_some_and(|client| !is_alive(client));
        // A client may remove its FIFO at any moment; then the type cannot be read.
        if !gone || !entry.file_type().is_ok_and(|file_type| file_type.is_fifo()) {
            continue;
        }
        match fifo::unlink(&entry.path()) {
            Ok(()) => removed += 1,
            Err(error) => warn!("cannot remove {}: {error}", entry.path().display()),
        }
    }
    if removed > 0 {
        info!(removed, "reply FIFOs of dead clients were there");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fifo::Fifo;

    #[test]
    fn only_fifos_of_dead_clients_are_removed() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        let dead = inbox::name(i32::MAX);
        let alive = inbox::name(std::process::id() as i32);
        let _fifos = [&dead, &alive, "reply.x.fifo"].map(|name| Fifo::create(path(name)).unwrap());
        let file = inbox::name(i32::MAX - 1);
        fs::write(path(&file), "somebody's").unwrap();
        remove(dir.path()).unwrap();
        assert!(!path(&dead).exists());
        for name in [&alive, &file, "reply.x.fifo"] {
            assert!(path(name).exists(), "{name}");
        }
    }
}
