//! The state of a TCP connection, by calls that neither std nor nix has.
#![allow(
    unsafe_code,
    reason = "each call is wrapped here in a safe function, with why it is sound"
)]

use std::io;
use std::mem::{MaybeUninit, size_of};
use std::net::{TcpListener, TcpStream};
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
    Ok([ESTABLISHED, FIN_WAIT1, FIN_WAIT2].contains(&info(stream)?.tcpi_state))
}

/// How many connections wait to be accepted: of a listening socket, this field says it.
///
/// # Errors
/// None that can happen. See tcp(7), TCP_INFO.
pub(crate) fn waiting(listener: &TcpListener) -> io::Result<u32> {
    Ok(info(listener)?.tcpi_unacked)
}

fn info(socket: &impl AsRawFd) -> io::Result<libc::tcp_info> {
    let mut info = MaybeUninit::<libc::tcp_info>::zeroed();
    let mut len = size_of::<libc::tcp_info>() as libc::socklen_t;
    let fd = socket.as_raw_fd();
    let into = info.as_mut_ptr().cast();
    // SAFETY: the kernel writes at most `len` bytes to `info`, and how many it wrote to `len`.
    let result =
        unsafe { libc::getsockopt(fd, libc::IPPROTO_TCP, libc::TCP_INFO, into, &raw mut len) };
    if result == -1 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: it was zeroed and then filled; it holds integers only.
    Ok(unsafe { info.assume_init() })
}

/// How many bytes have arrived and were not read.
///
/// # Errors
/// None that can happen. See tcp(7), FIONREAD.
pub(crate) fn arrived(stream: &TcpStream) -> io::Result<usize> {
    let mut size: libc::c_int = 0;
    // SAFETY: the kernel writes an int to `size`.
    if unsafe { libc::ioctl(stream.as_raw_fd(), libc::FIONREAD, &raw mut size) } == -1 {
        return Err(io::Error::last_os_error());
    }
    Ok(usize::try_from(size).unwrap_or(0))
}
