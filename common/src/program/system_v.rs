//! Whether the kernel has System V IPC: it may be built without, and a container may forbid it.

use std::io;

use nix::errno::Errno;

/// What an error of msgget or shmget means where there is no such thing, in parentheses behind a
/// space; nothing for other errors.
///
/// The manual gives no EPERM for these calls: a filter of system calls does. See svipc(7) and
/// seccomp(2).
pub fn hint(error: &io::Error) -> &'static str {
    match error.raw_os_error().map(Errno::from_raw) {
        Some(Errno::ENOSYS | Errno::EPERM) => {
            " (this kernel, or the container, has no System V IPC: q1-pipes and q5-sockets need none)"
        }
        _ => "",
    }
}
