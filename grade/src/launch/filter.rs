//! Three system calls that a submission may not make.
//!
//! - prlimit(2) for another process. Outside of the box the judge's first process and the submission
//!   are the same user, so with it a submission could take the judge's processor time away, and so
//!   kill it.
//! - memfd_create(2) and memfd_secret(2): memory that no process has mapped is counted nowhere.

use libc::{
    BPF_ABS, BPF_JEQ, BPF_JGE, BPF_JMP, BPF_K, BPF_LD, BPF_RET, BPF_W, SECCOMP_RET_ALLOW,
    SECCOMP_RET_ERRNO, SYS_memfd_create, SYS_memfd_secret, SYS_prlimit64, sock_filter,
};

// Not in the crate libc; see linux/audit.h.
#[cfg(target_arch = "x86_64")]
const ARCHITECTURE: u32 = 0xc000_003e;
#[cfg(target_arch = "aarch64")]
const ARCHITECTURE: u32 = 0xc000_00b7;

// Where they are in struct seccomp_data; see seccomp(2).
const NUMBER: u32 = 0;
const ARCH: u32 = 4;
/// The lower half of the first argument: here the PID.
const FIRST: u32 = 16;

/// Calls of x32 programs, which have other numbers.
const X32: u32 = 0x4000_0000;

/// Refuses the calls. Programs of another architecture have other numbers, so they can make none.
pub(crate) const FILTER: [sock_filter; 11] = [
    load(ARCH),
    skip(BPF_JEQ, ARCHITECTURE, 0, 8),
    load(NUMBER),
    skip(BPF_JGE, X32, 6, 0),
    skip(BPF_JEQ, SYS_memfd_create as u32, 5, 0),
    skip(BPF_JEQ, SYS_memfd_secret as u32, 4, 0),
    skip(BPF_JEQ, SYS_prlimit64 as u32, 0, 2),
    load(FIRST),
    skip(BPF_JEQ, 0, 0, 1),
    answer(SECCOMP_RET_ALLOW),
    answer(SECCOMP_RET_ERRNO | libc::EPERM as u32),
];

const fn load(offset: u32) -> sock_filter {
    sock_filter { code: (BPF_LD | BPF_W | BPF_ABS) as u16, jt: 0, jf: 0, k: offset }
}

/// Compares what was loaded, and skips so many lines if it is so, and so many if it is not.
const fn skip(compare: u32, with: u32, if_so: u8, if_not: u8) -> sock_filter {
    sock_filter { code: (BPF_JMP | compare | BPF_K) as u16, jt: if_so, jf: if_not, k: with }
}

const fn answer(action: u32) -> sock_filter {
    sock_filter { code: (BPF_RET | BPF_K) as u16, jt: 0, jf: 0, k: action }
}
