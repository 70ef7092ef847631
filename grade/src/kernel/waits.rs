//! What a system call that has not returned waits for.

use std::fs::{self, File, Metadata};
use std::os::unix::fs::FileExt;

use crate::kernel::thread::{self, Call};

/// Descriptors of one poll or select that are looked at, at most.
const POLLED_MAX: u64 = 1024;
/// FUTEX_PRIVATE_FLAG: the futex belongs to one process only.
const PRIVATE: u64 = 128;

/// What a sleeping thread waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Waits {
    /// For something to arrive at a descriptor: read, recv, accept.
    At(i32),
    /// For something to arrive at one of these, or for time to pass if there is a deadline: poll,
    /// select, epoll_wait.
    AtOneOf(Vec<i32>, bool),
    /// For a message of a queue: msgrcv, mq_receive.
    Message,
    /// For a semaphore: semop.
    Semaphore,
    /// For the other end of a FIFO: open.
    OtherEnd,
    /// For a futex at this address; the flag says whether other processes may share it.
    Futex(u64, bool),
    /// For a child to end: wait.
    Child,
    /// For time to pass: nanosleep.
    Time,
    /// For something else.
    Other,
}

/// What this call of this process waits for.
pub fn of(pid: i32, call: &Call) -> Waits {
    let arguments = &call.arguments;
    match call.number {
        libc::SYS_read
        | libc::SYS_readv
        | libc::SYS_recvfrom
        | libc::SYS_recvmsg
        | libc::SYS_recvmmsg
        | libc::SYS_accept
        | libc::SYS_accept4 => Waits::At(arguments[0] as i32),
        libc::SYS_ppoll => Waits::AtOneOf(polled(pid, arguments), arguments[2] != 0),
        libc::SYS_pselect6 => Waits::AtOneOf(selected(pid, arguments), arguments[4] != 0),
        libc::SYS_epoll_pwait => epoll_wait(pid, arguments),
        libc::SYS_wait4 | libc::SYS_waitid => Waits::Child,
        libc::SYS_msgrcv | libc::SYS_mq_timedreceive => Waits::Message,
        libc::SYS_semop | libc::SYS_semtimedop => Waits::Semaphore,
        libc::SYS_openat => Waits::OtherEnd,
        libc::SYS_futex => Waits::Futex(arguments[0], arguments[1] & PRIVATE == 0),
        libc::SYS_nanosleep | libc::SYS_clock_nanosleep => Waits::Time,
        number => of_old(number, pid, arguments),
    }
}

/// Calls that newer machines do not have.
#[cfg(target_arch = "x86_64")]
fn of_old(number: i64, pid: i32, arguments: &[u64; 6]) -> Waits {
    match number {
        libc::SYS_poll => Waits::AtOneOf(polled(pid, arguments), arguments[2] as i32 >= 0),
        libc::SYS_select => Waits::AtOneOf(selected(pid, arguments), arguments[4] != 0),
        libc::SYS_epoll_wait => epoll_wait(pid, arguments),
        libc::SYS_open => Waits::OtherEnd,
        _ => Waits::Other,
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn of_old(_number: i64, _pid: i32, _arguments: &[u64; 6]) -> Waits {
    Waits::Other
}

/// What a descriptor of a process refers to.
pub fn descriptor(pid: i32, number: i32) -> Option<Metadata> {
    fs::metadata(format!("/proc/{}/fd/{number}", thread::living(pid))).ok()
}

/// Whether other processes share the memory at an address.
pub fn is_shared(pid: i32, address: u64) -> bool {
    let maps =
        fs::read_to_string(format!("/proc/{}/maps", thread::living(pid))).unwrap_or_default();
    maps.lines().any(|line| {
        let mut words = line.split_whitespace();
        let range = words.next().and_then(|range| range.split_once('-'));
        let bound = |text| u64::from_str_radix(text, 16).ok();
        let Some((Some(begin), Some(end))) = range.map(|(a, b)| (bound(a), bound(b))) else {
            return false;
        };
        (begin..end).contains(&address) && words.next().is_some_and(|flags| flags.ends_with('s'))
    })
}

fn memory(pid: i32, address: u64, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    let file = File::open(format!("/proc/{}/mem", thread::living(pid)));
    match file.and_then(|file| file.read_exact_at(&mut bytes, address)) {
        Ok(()) => bytes,
        Err(_) => Vec::new(),
    }
}

fn polled(pid: i32, arguments: &[u64; 6]) -> Vec<i32> {
    let count = arguments[1].min(POLLED_MAX) as usize;
    let bytes = memory(pid, arguments[0], count * size_of::<libc::pollfd>());
    let entries = bytes.chunks_exact(size_of::<libc::pollfd>());
    entries.map(|entry| i32::from_ne_bytes([entry[0], entry[1], entry[2], entry[3]])).collect()
}

fn selected(pid: i32, arguments: &[u64; 6]) -> Vec<i32> {
    let count = arguments[0].min(POLLED_MAX) as usize;
    if arguments[1] == 0 {
        return Vec::new();
    }
    let bytes = memory(pid, arguments[1], count.div_ceil(64) * 8);
    let is_in =
        |number: &usize| bytes.get(number / 8).is_some_and(|byte| byte >> (number % 8) & 1 == 1);
    (0..count).filter(is_in).map(|number| number as i32).collect()
}

fn epoll_wait(pid: i32, arguments: &[u64; 6]) -> Waits {
    let epoll = arguments[0] as i32;
    let info = format!("/proc/{}/fdinfo/{epoll}", thread::living(pid));
    let info = fs::read_to_string(info).unwrap_or_default();
    let number = |line: &str| line.strip_prefix("tfd:")?.split_whitespace().next()?.parse().ok();
    Waits::AtOneOf(info.lines().filter_map(number).collect(), arguments[3] as i32 >= 0)
}
