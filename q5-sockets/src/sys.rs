//! The state of a TCP connection, by a call that neither std nor nix has.
#![allow(unsafe_code, reason = "the call is wrapped here in a safe function, with why it is sound")]

use std::io;
use std::mem::{MaybeUninit, size_of};
use std::net::TcpStream;
use std::os::fd::AsRawFd;

/// The connection is open both ways; see the kernel's include/net/tcp_states.h.
const ESTABLISHED: u8 = 1;
/// We have said that we send no more, and that is not acknowledged yet.
const FIN_WAIT1: u8 = 4;
/// It is acknowledged.
const FIN_WAIT2: u8 = 5;

/// Whether the other side may still send.
///
/// # Errors
/// None that can happen. See tcp(7), TCP_INFO.
pub(crate) fn may_send(stream: &TcpStream) -> io::Result<bool> {
    let mut info = MaybeUninit::<libc::tcp_info>::zeroed();
    let mut len = size_of::<libc::tcp_info>() as libc::socklen_t;
    let fd = stream.as_raw_fd();
    let into = info.as_mut_ptr().cast();
    // SAFETY: the kernel writes at most `len` bytes to `info`, and how many it wrote to `len`.
    let result =
        unsafe { libc::getsockopt(fd, libc::IPPROTO_TCP, libc::TCP_INFO, into, &raw mut len) };
    if result == -1 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: it was zeroed and then filled; it holds integers only.
    let state = unsafe { info.assume_init() }.tcpi_state;
    Ok([ESTABLISHED, FIN_WAIT1, FIN_WAIT2].contains(&state))
}
