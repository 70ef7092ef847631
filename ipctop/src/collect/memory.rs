//! Reads words of another process's memory, without stopping it.

use std::fs::File;
use std::os::unix::fs::FileExt;

/// The memory of a process, opened when it is first needed.
#[derive(Debug)]
pub(crate) struct Memory {
    pid: i32,
    is_allowed: bool,
    file: Option<Option<File>>,
}

impl Memory {
    /// That of a process.
    pub(crate) fn of(pid: i32, is_allowed: bool) -> Memory {
        Memory { pid, is_allowed, file: None }
    }

    /// The bytes at an address, as many as can be read; none without the right to.
    pub(crate) fn read(&mut self, address: u64, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        let got = self.file().and_then(|file| file.read_at(&mut bytes, address).ok()).unwrap_or(0);
        bytes.truncate(got);
        bytes
    }

    /// The 32-bit words at an address.
    pub(crate) fn words(&mut self, address: u64, count: usize) -> Vec<u32> {
        let bytes = self.read(address, count * 4);
        bytes.chunks_exact(4).map(|b| u32::from_ne_bytes([b[0], b[1], b[2], b[3]])).collect()
    }

    /// The bytes before the first NUL at an address.
    pub(crate) fn text(&mut self, address: u64, len: usize) -> Option<Vec<u8>> {
        let mut bytes = self.read(address, len);
        if bytes.is_empty() {
            // The rest of the page is all that there is.
            bytes = self.read(address, (4096 - address % 4096) as usize);
        }
        let end = bytes.iter().position(|&byte| byte == 0)?;
        bytes.truncate(end);
        Some(bytes)
    }

    fn file(&mut self) -> Option<&File> {
        let (pid, is_allowed) = (self.pid, self.is_allowed);
        let open = || is_allowed.then(|| File::open(format!("/proc/{pid}/mem")).ok()).flatten();
        self.file.get_or_insert_with(open).as_ref()
    }
}
