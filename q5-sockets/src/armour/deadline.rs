//! Deadlines: a socket's time-out starts anew with every call, so the rest of a deadline is set
//! before each call, but only where that makes a difference.
//!
//! This stops a client that sends one byte a second: `sockets`
//! `one_byte_a_second_does_not_outlive_the_deadline`.

use std::io;
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// How far a socket's time-out may be from what is left.
///
/// Within it nothing is set, which saves a system call per request. No deadline is exceeded by more.
const SLACK: Duration = Duration::from_millis(10);

/// The moment at which calls must end, and the time at which the clock was read last.
///
/// The time is kept because reading the clock for each call was the dearest part of a request beside
/// its system calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline {
    seen: Instant,
    end: Instant,
}

impl Deadline {
    /// A deadline; `seen` is the time now, which the caller has just read.
    pub fn new(seen: Instant, end: Instant) -> Deadline {
        Deadline { seen, end }
    }

    /// A deadline at this moment.
    pub fn at(end: Instant) -> Deadline {
        Deadline::new(Instant::now(), end)
    }

    /// A deadline so long after now.
    pub fn after(limit: Duration) -> Deadline {
        let seen = Instant::now();
        Deadline::new(seen, seen + limit)
    }

    /// When the clock was read.
    pub fn seen(self) -> Instant {
        self.seen
    }

    /// The moment at which calls must end.
    pub fn end(self) -> Instant {
        self.end
    }

    /// How much was left when the clock was read.
    fn left(self) -> Duration {
        self.end.saturating_duration_since(self.seen)
    }
}

/// The time-out of the calls that read from one socket: SO_RCVTIMEO.
#[derive(Debug)]
pub struct Timeout {
    current: Duration,
}

impl Timeout {
    /// Sets the time-out that most calls will need.
    ///
    /// # Errors
    /// If `timeout` is 0. See socket(7).
    pub fn new(stream: &TcpStream, timeout: Duration) -> io::Result<Timeout> {
        stream.set_read_timeout(Some(timeout))?;
        Ok(Timeout { current: timeout })
    }

    /// Makes `call`, and makes it again if it is interrupted or returns too early, until `deadline`.
    ///
    /// # Errors
    /// TimedOut when the deadline has passed; else those of the call. See socket(7).
    pub fn before<T>(
        &mut self,
        mut deadline: Deadline,
        stream: &TcpStream,
        mut call: impl FnMut(&TcpStream) -> io::Result<T>,
    ) -> io::Result<T> {
        loop {
            let left = deadline.left();
            if left.is_zero() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            if left.abs_diff(self.current) > SLACK {
                stream.set_read_timeout(Some(left))?;
                self.current = left;
            }
            match call(stream) {
                // The time-out of a socket shows as EAGAIN; a stopped and continued process sees
                // EINTR.
                Err(error)
                    if [io::ErrorKind::WouldBlock, io::ErrorKind::Interrupted]
                        .contains(&error.kind()) =>
                {
                    deadline = Deadline::at(deadline.end);
                }
                result => return result,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::thread;

    fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let ours = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (ours, listener.accept().unwrap().0)
    }

    #[test]
    fn bytes_that_trickle_in_do_not_move_the_deadline() {
        let (ours, mut theirs) = pair();
        let mut timeout = Timeout::new(&ours, Duration::from_secs(300)).unwrap();
        let trickle = thread::spawn(move || while theirs.write(b"x").is_ok() {});
        let start = Instant::now();
        let deadline = start + Duration::from_millis(100);
        let read = |mut stream: &TcpStream| stream.read(&mut [0; 1]);
        let error = loop {
            if let Err(error) = timeout.before(Deadline::at(deadline), &ours, read) {
                break error;
            }
        };
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(start.elapsed() < Duration::from_secs(2));
        drop(ours);
        trickle.join().unwrap();
    }

    #[test]
    fn silence_ends_at_the_deadline_whatever_was_set_before() {
        let (ours, _theirs) = pair();
        for before in [1, 300_000] {
            let before = Duration::from_millis(before);
            let mut timeout = Timeout::new(&ours, before).unwrap();
            let start = Instant::now();
            let deadline = Deadline::at(start + Duration::from_millis(50));
            let read = |mut stream: &TcpStream| stream.read(&mut [0; 1]);
            let error = timeout.before(deadline, &ours, read).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::TimedOut);
            let took = start.elapsed();
            assert!(took >= Duration::from_millis(50) && took < Duration::from_secs(2), "{took:?}");
        }
    }
}
