//! A setting of the allocator, and standard output without a buffer: what std has not.
#![allow(
    unsafe_code,
    reason = "each call is wrapped here in a safe function, with why it is sound"
)]

use std::os::fd::BorrowedFd;

/// Has all threads of this process allocate from one arena.
///
/// glibc gives each of the first threads an arena of its own, with pages of its own, so that they
/// need not wait for one another. Ours allocate hardly ever, and a thread for each request would
/// leave many arenas behind. See mallopt(3).
pub(crate) fn one_arena() {
    // SAFETY: takes integers, and is called before there is a second thread.
    let result = unsafe { libc::mallopt(libc::M_ARENA_MAX, 1) };
    debug_assert_eq!(result, 1, "glibc has this parameter");
}

/// Standard output, as a descriptor: that of std has a buffer, made when it is first used.
pub(crate) fn stdout() -> BorrowedFd<'static> {
    // SAFETY: std has it opened before `main` if it was closed, and nothing here closes it.
    unsafe { BorrowedFd::borrow_raw(libc::STDOUT_FILENO) }
}
