//! A client that is told to end while it waits: it says what became of its question, and leaves no
//! file.

use std::ffi::{CStr, CString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use nix::sys::signal::Signal;

use crate::client::ask::Ask;
use crate::sys;

/// Ctrl-C, kill, and a terminal that is closed.
const SIGNALS: [Signal; 3] = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP];

/// What a user must know who ends a client before the answer to a reservation is there.
const UNKNOWN: &CStr =
    c"client: interrupted: the outcome is unknown, the seats may or may not have been taken\n";

/// Has the signals end this program as they would anyway, after its last words.
///
/// The program still ends by the signal, not with a status of its own, so that a shell whose loop
/// it runs in ends too. One that is ignored stays ignored: nohup asked for that.
///
/// # Errors
/// None that can happen. See sigaction(2).
pub fn prepare() -> io::Result<()> {
    for signal in SIGNALS {
        if !sys::is_ignored(signal)? {
            sys::end_on(signal)?;
        }
    }
    Ok(())
}

/// As [`prepare`]; and a file is removed first, if it is there by then.
///
/// # Errors
/// If the path has a NUL in it.
pub fn prepare_to_remove(path: &Path) -> io::Result<()> {
    sys::set_last_file(CString::new(path.as_os_str().as_bytes())?);
    prepare()
}

/// A question without an answer yet; dropped when its user has been told.
#[derive(Debug)]
pub(crate) struct Waiting(());

/// From now on a reservation has an unknown outcome if the program is interrupted.
pub(crate) fn waiting_for(ask: Ask) -> Waiting {
    sys::set_last_words(matches!(ask, Ask::Reserve { .. }).then_some(UNKNOWN));
    Waiting(())
}

impl Drop for Waiting {
    fn drop(&mut self) {
        sys::set_last_words(None);
    }
}
