//! System V message queues: the standard library has none.

use std::ffi::{c_int, c_long, c_void, CString};
use std::io;

/// Longer texts are cut.
const TEXT_MAX: usize = 128;

const CREATE: c_int = 0o1000;
const EXCLUSIVE: c_int = 0o2000;
const NO_WAIT: c_int = 0o4000;
const CUT: c_int = 0o10000;
const REMOVE: c_int = 0;

extern "C" {
    fn ftok(path: *const std::ffi::c_char, project: c_int) -> c_int;
    fn msgget(key: c_int, flags: c_int) -> c_int;
    fn msgsnd(queue: c_int, message: *const c_void, size: usize, flags: c_int) -> c_int;
    fn msgrcv(queue: c_int, message: *mut c_void, size: usize, kind: c_long, flags: c_int) -> isize;
    fn msgctl(queue: c_int, command: c_int, data: *mut c_void) -> c_int;
}

#[repr(C)]
struct Message {
    kind: c_long,
    text: [u8; TEXT_MAX],
}

#[derive(Clone, Copy)]
pub struct Queue(c_int);

fn checked(result: isize) -> io::Result<isize> {
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

fn key(project: u8) -> io::Result<c_int> {
    let path = CString::new(".")?;
    checked(unsafe { ftok(path.as_ptr(), project.into()) } as isize).map(|key| key as c_int)
}

impl Queue {
    pub fn open(project: u8) -> io::Result<Queue> {
        checked(unsafe { msgget(key(project)?, 0) } as isize).map(|queue| Queue(queue as c_int))
    }

    /// A new one; what a killed server has left is removed.
    #[allow(dead_code)]
    pub fn create(project: u8) -> io::Result<Queue> {
        if let Ok(old) = Queue::open(project) {
            old.remove();
        }
        let queue = unsafe { msgget(key(project)?, CREATE | EXCLUSIVE | 0o600) };
        checked(queue as isize).map(|queue| Queue(queue as c_int))
    }

    #[allow(dead_code)]
    pub fn remove(self) {
        unsafe { msgctl(self.0, REMOVE, std::ptr::null_mut()) };
    }

    pub fn send(self, kind: c_long, text: &str, waits: bool) -> io::Result<()> {
        let mut message = Message { kind, text: [0; TEXT_MAX] };
        let size = text.len().min(TEXT_MAX);
        message.text[..size].copy_from_slice(&text.as_bytes()[..size]);
        let flags = if waits { 0 } else { NO_WAIT };
        loop {
            let sent = unsafe { msgsnd(self.0, (&raw const message).cast(), size, flags) };
            match checked(sent as isize) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                sent => return sent.map(|_| ()),
            }
        }
    }

    pub fn receive(self, kind: c_long) -> io::Result<String> {
        let mut message = Message { kind: 0, text: [0; TEXT_MAX] };
        loop {
            let got = unsafe { msgrcv(self.0, (&raw mut message).cast(), TEXT_MAX, kind, CUT) };
            match checked(got) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                got => return Ok(String::from_utf8_lossy(&message.text[..got? as usize]).into()),
            }
        }
    }
}
