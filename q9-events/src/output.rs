//! The output of a connection: replies that found no room, until their client reads.

use std::io;

use crate::write_half::WriteHalf;

/// Bytes that wait to be sent; without any it has no memory either.
#[derive(Debug, Default)]
pub(crate) struct Output(Vec<u8>);

impl Output {
    /// Whether nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes over what somebody else could not send.
    pub(crate) fn take_over(&mut self, unsent: Vec<u8>) {
        self.0 = unsent;
    }

    /// Sends what waits; whether there was room for some of it.
    ///
    /// # Errors
    /// EPIPE, ECONNRESET. See send(2).
    pub(crate) fn send(&mut self, half: &WriteHalf) -> io::Result<bool> {
        if self.0.is_empty() {
            return Ok(false);
        }
        let sent = half.send(&self.0)?;
        self.0.drain(..sent);
        if self.0.is_empty() {
            self.0 = Vec::new();
        }
        Ok(sent > 0)
    }

    /// Sends replies behind what waits, and empties them: those without room wait from now on.
    ///
    /// # Errors
    /// EPIPE, ECONNRESET. See send(2).
    pub(crate) fn put(&mut self, half: &WriteHalf, replies: &mut Vec<u8>) -> io::Result<()> {
        let sent = if self.0.is_empty() { half.send(replies) } else { Ok(0) };
        // Also after an error: the buffer is the next connection's.
        self.0.extend(&replies[*sent.as_ref().unwrap_or(&0)..]);
        replies.clear();
        sent.map(drop)
    }
}
