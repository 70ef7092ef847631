//! Whether a secondary server is there: the dispatcher pings it before it sends a client there, and
//! waits only once for a server that does not answer.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::os::fd::AsFd;
use tracing::{debug, warn};

use crate::channel::End;
use crate::watchdog::board::{Board, Number};

/// How long a server may take to answer a ping. Its main thread does little else.
const ANSWER_MAX: Duration = Duration::from_millis(200);

/// A server that has not answered is pinged again after so long, because its answer may have found
/// no room. A server that hangs is killed before that.
const ASK_AGAIN: Duration = Duration::from_secs(5);

/// One secondary server, seen from the dispatcher.
#[derive(Debug)]
pub struct Presence {
    server: Number,
    board: Arc<Board>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    end: End,
    /// The number of the last ping. Answers to others are ignored.
    sequence: u64,
    /// When the last ping that was answered was sent, and the port in its answer.
    answered: Option<(Instant, u16)>,
    /// If the server did not answer: how often it had been started by then, and when that was.
    silent: Option<(u64, Instant)>,
}

impl Presence {
    /// A server that is believed to be there. `sequence` is random, so that an answer to an earlier
    /// dispatcher is not taken for one to this.
    pub fn new(server: Number, board: Arc<Board>, end: End, sequence: u64) -> Presence {
        Presence {
            server,
            board,
            state: Mutex::new(State { end, sequence, answered: None, silent: None }),
        }
    }

    /// The server's port. None if it does not answer within 200 ms. After that None comes at once,
    /// until the server answers or is started again.
    ///
    /// One answer is enough for all who waited when its ping was sent: a thousand clients that come
    /// at once wait for two answers, and not one after the other for a thousand.
    ///
    /// # Errors
    /// None that can happen. See poll(2).
    pub fn port(&self) -> io::Result<Option<u16>> {
        let came = Instant::now();
        // A panic between two steps leaves a ping without an answer, and no other harm.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((asked, port)) = state.answered
            && asked >= came
        {
            return Ok(Some(port));
        }
        let late = state.receive_answer()?;
        let starts = self.board.starts(self.server);
        if let Some((silent, since)) = state.silent {
            if late.is_some() {
                state.silent = None;
                return Ok(late);
            }
            if silent == starts && since.elapsed() < ASK_AGAIN {
                return Ok(None);
            }
        }
        let asked = Instant::now();
        // The FIFO is full: of garbage, or of pings that the server has not read. The next client
        // tries again.
        if let Err(error) = state.send_ping() {
            debug!(server = self.server, "cannot ask a server: {error}");
            self.board.report_silent(self.server);
            return Ok(None);
        }
        let port = state.wait_for_answer()?;
        state.answered = port.map(|port| (asked, port));
        state.silent = None;
        if port.is_none() {
            state.silent = Some((starts, asked));
            warn!(server = self.server, "a server does not answer: clients are told BUSY");
            self.board.report_silent(self.server);
        }
        Ok(port)
    }
}

impl State {
    /// Sends a ping.
    fn send_ping(&mut self) -> io::Result<()> {
        self.sequence = self.sequence.wrapping_add(1);
        self.end.send(self.sequence, 0)
    }

    /// Waits for the answer to the last ping.
    fn wait_for_answer(&mut self) -> io::Result<Option<u16>> {
        let deadline = Instant::now() + ANSWER_MAX;
        loop {
            if let Some(port) = self.receive_answer()? {
                return Ok(Some(port));
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            // Rounded up: a poll that ends a fraction of a millisecond early would spin.
            let left = PollTimeout::try_from(left + Duration::from_millis(1));
            let timeout = left.unwrap_or(PollTimeout::ZERO);
            match poll(&mut [PollFd::new(self.end.as_fd(), PollFlags::POLLIN)], timeout) {
                Ok(_) | Err(Errno::EINTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
    }

    /// The port in the answer to the last ping, if the answer has arrived.
    fn receive_answer(&mut self) -> io::Result<Option<u16>> {
        while let Some(ping) = self.end.receive()? {
            let port = u16::try_from(ping.port.get()).ok().filter(|&port| port > 0);
            if ping.sequence == self.sequence && port.is_some() {
                return Ok(port);
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;

    use common::booking::shows;
    use common::server::lock::Lock;

    use super::*;
    use crate::channel::Pair;

    #[test]
    fn clients_that_come_at_once_share_an_answer() {
        const CLIENTS: usize = 50;
        let dir = tempfile::tempdir().unwrap();
        let mut lock = Lock::take(dir.path(), "q6-test").unwrap();
        let board = Arc::new(Board::create(&mut lock, &shows::sample()).unwrap());
        let pair = Pair::create(dir.path(), "consult").unwrap();
        let presence = Presence::new(2, board, pair.dispatcher().unwrap(), 7);
        let mut secondary = pair.secondary().unwrap();
        let (start, over) = (Barrier::new(CLIENTS), AtomicBool::new(false));
        let asked = thread::scope(|scope| {
            let server = scope.spawn(|| {
                let mut asked = 0;
                while !over.load(Ordering::SeqCst) {
                    while let Some(ping) = secondary.receive().unwrap() {
                        asked += 1;
                        thread::park_timeout(Duration::from_millis(20));
                        secondary.send(ping.sequence.get(), 4000).unwrap();
                    }
                    thread::park_timeout(Duration::from_millis(1));
                }
                asked
            });
            let client = || {
                start.wait();
                presence.port().unwrap()
            };
            let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(client)).collect();
            let ports = clients.into_iter().filter_map(|client| client.join().unwrap());
            assert!(ports.into_iter().all(|port| port == 4000));
            over.store(true, Ordering::SeqCst);
            server.join().unwrap()
        });
        assert!((1..CLIENTS / 2).contains(&asked), "{asked} pings for {CLIENTS} clients");
    }
}
