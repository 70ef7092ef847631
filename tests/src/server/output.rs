//! What a server prints: read to its end, so that nobody waits for us, and never kept whole.

use std::collections::VecDeque;
use std::fmt::{self, Display, Formatter};
use std::io::Read;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::Builder;
use std::time::{Duration, Instant};

use crate::wait;

/// Bytes that are kept of the beginning, for whoever must see why it is wrong.
const FIRST_MAX: usize = 160;
/// Bytes that are kept of the end.
const LAST_MAX: usize = 16 * 1024;
/// Longest line that can be a ready line: a path has 4096 bytes at most.
const LINE_MAX: usize = 8 * 1024;

/// One of a server's two outputs.
#[derive(Clone, Debug)]
pub(crate) struct Output(Arc<Mutex<Seen>>);

#[derive(Debug, Default)]
struct Seen {
    bytes: u64,
    first: Vec<u8>,
    last: VecDeque<u8>,
    /// What has come of the line that has no end yet.
    line: Vec<u8>,
    ready: Option<Vec<u8>>,
    has_ended: bool,
}

impl Output {
    /// Reads it in a thread of its own.
    pub(crate) fn read(mut pipe: impl Read + Send + 'static) -> Output {
        let output = Output(Arc::default());
        let seen = output.clone();
        let read = move || {
            let mut bytes = [0; 64 * 1024];
            while let Ok(size @ 1..) = pipe.read(&mut bytes) {
                seen.lock().add(&bytes[..size]);
            }
            seen.lock().has_ended = true;
        };
        Builder::new().name("output".into()).spawn(read).expect("there is a thread left");
        output
    }

    /// The ready line, when it is there: the first one whose first word is `ready`.
    pub(crate) fn ready_line(&self) -> Option<Vec<u8>> {
        self.lock().ready.clone()
    }

    /// Whether nobody can print any more.
    pub(crate) fn has_ended(&self) -> bool {
        self.lock().has_ended
    }

    /// Waits, a second at most, until all is read that an ended process has printed.
    pub(crate) fn drain(&self) {
        let deadline = Instant::now() + Duration::from_secs(1);
        while !self.has_ended() && Instant::now() < deadline {
            wait::pause(Duration::from_millis(1));
        }
    }

    /// Its end, as text.
    pub(crate) fn last(&self) -> String {
        let last: Vec<u8> = self.lock().last.iter().copied().collect();
        String::from_utf8_lossy(&last).into_owned()
    }

    /// What is probably wrong with it, if no ready line has come.
    pub(crate) fn advice(&self) -> &'static str {
        let seen = self.lock();
        let text = String::from_utf8_lossy(&seen.first).to_lowercase();
        let is_begun = seen.line.starts_with(b"ready");
        match () {
            () if seen.bytes == 0 => "is the line flushed? In C: fflush(stdout)",
            () if is_begun => "the ready line has no end: print a newline",
            () if text.contains("ready") => "a line counts if its first word is `ready`",
            () => "none of its lines begins with the word `ready`",
        }
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().expect("whoever holds it does not panic")
    }
}

impl Display for Output {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        let seen = self.lock();
        if seen.bytes == 0 {
            return write!(f, "nothing on stdout");
        }
        let is_cut = seen.bytes > seen.first.len() as u64;
        let kept = if is_cut { ", which begin with" } else { ":" };
        write!(f, "{} bytes on stdout{kept} \"", seen.bytes)?;
        // A cut may go through a character.
        let wrong = str::from_utf8(&seen.first).err();
        let is_utf8 = wrong.is_none_or(|error| is_cut && error.error_len().is_none());
        for chunk in seen.first.utf8_chunks() {
            write!(f, "{}{}", chunk.valid().escape_debug(), chunk.invalid().escape_ascii())?;
        }
        write!(f, "\"{}", if is_utf8 { "" } else { " (not UTF-8)" })
    }
}

impl Seen {
    fn add(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        let room = FIRST_MAX - self.first.len();
        self.first.extend(&bytes[..bytes.len().min(room)]);
        self.last.extend(&bytes[bytes.len().saturating_sub(LAST_MAX)..]);
        let surplus = self.last.len().saturating_sub(LAST_MAX);
        self.last.drain(..surplus);
        if self.ready.is_none() {
            for part in bytes.split_inclusive(|byte| *byte == b'\n') {
                self.add_to_line(part);
            }
        }
    }

    fn add_to_line(&mut self, part: &[u8]) {
        let room = LINE_MAX - self.line.len();
        self.line.extend(&part[..part.len().min(room)]);
        if part.ends_with(b"\n") {
            let line = std::mem::take(&mut self.line);
            let first = line.split(u8::is_ascii_whitespace).next();
            if self.ready.is_none() && first == Some(b"ready") {
                self.ready = Some(line.trim_ascii_end().to_vec());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(bytes: &[u8]) -> Output {
        let output = Output(Arc::default());
        // However the pipe cuts it.
        bytes.chunks(3).for_each(|chunk| output.lock().add(chunk));
        output
    }

    #[test]
    fn the_first_line_that_begins_with_ready_counts() {
        for (bytes, line) in [
            (&b"ready q2 run\n"[..], Some(&b"ready q2 run"[..])),
            (b"Welcome\n\xe9\n\nready x y\nready z\n", Some(b"ready x y")),
            (b"ready\r\n", Some(b"ready")),
            (b"Ready.\n", None),
            (b"readyness\n", None),
            (b" ready x\n", None),
            (b"ready q2 run", None),
        ] {
            assert_eq!(after(bytes).ready_line().as_deref(), line, "{bytes:?}");
        }
    }

    #[test]
    fn what_came_is_told_byte_by_byte_and_cut() {
        assert_eq!(after(b"").to_string(), "nothing on stdout");
        let latin = after(b"pr\xeat\n");
        assert_eq!(latin.to_string(), "5 bytes on stdout: \"pr\\xeat\\n\" (not UTF-8)");
        let long = after(&[b'x'; 100_000]);
        assert!(long.to_string().starts_with("100000 bytes on stdout, which begin with \"xxx"));
        let seen = long.lock();
        assert!(seen.first.len() + seen.last.len() + seen.line.len() < 32 * 1024);
    }
}
