//! Where a server on sockets is reached: its ready line says it, and a file beside DIR keeps it for
//! every client of the test and for the next start.

use std::fs;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::sys::socket::{self, AddressFamily, SockFlag, SockType, SockaddrIn};

/// Nobody listens here: the address of a server that never got ready.
const NOWHERE: &str = "127.0.0.1:1";

/// The address that the server of `dir` had when it was ready last.
pub fn of(dir: &Path) -> String {
    known(dir).unwrap_or_else(|| NOWHERE.to_owned())
}

/// What a server of `dir` should listen on: the same as before, or any free port.
pub(crate) fn to_listen_on(dir: &Path) -> String {
    known(dir).unwrap_or_else(|| "127.0.0.1:0".to_owned())
}

/// Keeps the third word of a ready line, `ready PACKAGE ADDRESS`; false if there is none.
///
/// # Panics
/// If the file cannot be written.
pub fn remember(dir: &Path, line: impl AsRef<[u8]>) -> bool {
    let line = String::from_utf8_lossy(line.as_ref());
    let address = line.split_whitespace().nth(2).filter(|word| word.contains(':'));
    if let Some(address) = address {
        fs::write(file(dir), address).expect("the base is ours");
    }
    address.is_some()
}

fn known(dir: &Path) -> Option<String> {
    fs::read_to_string(file(dir)).ok()
}

fn file(dir: &Path) -> PathBuf {
    dir.with_file_name("address")
}

/// A port of this machine that is taken and where nobody listens, as long as the socket is there.
///
/// # Panics
/// If there is no socket to be had.
pub fn deaf() -> (u16, OwnedFd) {
    let make = || {
        let flags = SockFlag::SOCK_CLOEXEC;
        let socket = socket::socket(AddressFamily::Inet, SockType::Stream, flags, None)?;
        socket::bind(socket.as_raw_fd(), &SockaddrIn::new(127, 0, 0, 1, 0))?;
        Ok((socket::getsockname::<SockaddrIn>(socket.as_raw_fd())?.port(), socket))
    };
    make().unwrap_or_else(|errno: Errno| panic!("no socket: {errno}"))
}
