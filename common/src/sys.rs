//! A setting of the allocator that std has not.
#![allow(unsafe_code, reason = "the call is wrapped here in a safe function, with why it is sound")]

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
