//! The channel: bytes of a connection as TLS records, encrypted on the way out, checked and decrypted
//! on the way in. `rustls` computes; every byte is moved here, so q5's deadlines hold.
//!
//! What has been decrypted is drained before more is read: a full buffer of it is an error, and to
//! wait for more with some at hand is a deadlock.

use std::io::{self, IoSlice, Read, Write};

use q5_sockets::armour::closing::End;
use q5_sockets::armour::deadline::Deadline;
use q5_sockets::channel::{REQUEST_TIME, wait_for_room_until};
use q5_sockets::stream::{Stream, Tcp, Unsent};
use rustls::Connection;

use crate::armour::record::Records;
use crate::armour::refusal::{self, Peer};

/// A stream over TLS, the server's end or the client's.
#[derive(Debug)]
pub struct Tls {
    tcp: Tcp,
    tls: Box<Connection>,
    records: Records,
    /// Whether anything was decrypted for the reader yet.
    has_received: bool,
    /// Why the other side ended the connection, or we did.
    failed: Option<rustls::Error>,
}

impl Tls {
    /// The end of a connection before its handshake.
    pub fn new(tcp: Tcp, tls: impl Into<Connection>) -> Tls {
        let tls = Box::new(tls.into());
        Tls { tcp, tls, records: Records::default(), has_received: false, failed: None }
    }

    /// Exchanges handshake messages until both sides agree; `compute` is called for what takes
    /// processor time.
    ///
    /// # Errors
    /// InvalidData, in words, if one side refuses the other; TimedOut, UnexpectedEof.
    pub fn handshake(
        &mut self,
        deadline: Deadline,
        mut compute: impl FnMut(&mut dyn FnMut()),
    ) -> io::Result<()> {
        loop {
            self.flush(|tcp| wait_for_room_until(tcp, &End::default(), deadline.end()))
                .map_err(|it| it.error)?;
            if !self.tls.is_handshaking() {
                return Ok(());
            }
            if self.receive(Deadline::at(deadline.end()))? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let mut processed = Ok(());
            compute(&mut || processed = self.process());
            processed?;
        }
    }

    /// The connection's state: what both sides have agreed on.
    pub fn state(&self) -> &Connection {
        &self.tls
    }

    /// Receives some bytes of records; 0: the other side has closed, or no more is taken.
    fn receive(&mut self, deadline: Deadline) -> io::Result<usize> {
        let mut incoming = Incoming { tcp: &mut self.tcp, records: &mut self.records, deadline };
        match self.tls.read_tls(&mut incoming) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(0),
            result => result,
        }
    }

    /// Decrypts and checks what was received. An error is told to the other side by an alert.
    fn process(&mut self) -> io::Result<()> {
        let processed = self.tls.process_new_packets();
        if self.tls.wants_write() {
            // An alert, or an answer to new keys. If there is no room, the next reply takes it along.
            let _ = self.flush(|_| Err(io::ErrorKind::WouldBlock.into()));
        }
        processed.map(drop).map_err(|error| {
            let refusal = self.refusal(&error);
            self.failed = Some(error);
            refusal
        })
    }

    fn refusal(&self, error: &rustls::Error) -> io::Error {
        let peer = match *self.tls {
            Connection::Client(_) => Peer::Server,
            Connection::Server(_) => Peer::Client,
        };
        io::Error::new(io::ErrorKind::InvalidData, refusal::words(error, peer, &self.records))
    }

    fn flush(&mut self, mut wait: impl FnMut(&Tcp) -> io::Result<()>) -> Result<(), Unsent> {
        let mut partly = false;
        while self.tls.wants_write() {
            let result = match self.tls.write_tls(&mut Outgoing(&self.tcp)) {
                Ok(_) => {
                    partly = true;
                    Ok(())
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => wait(&self.tcp),
                Err(error) => Err(error),
            };
            result.map_err(|error| Unsent { error, partly })?;
        }
        Ok(())
    }

    /// What is decrypted already; None: nothing yet.
    fn drain(&mut self, room: &mut [u8]) -> io::Result<Option<usize>> {
        match self.tls.reader().read(room) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            result => result.map(|size| {
                self.has_received |= size > 0;
                Some(size)
            }),
        }
    }
}

impl Stream for Tls {
    fn tcp(&self) -> &Tcp {
        &self.tcp
    }

    fn tcp_mut(&mut self) -> &mut Tcp {
        &mut self.tcp
    }

    fn read(&mut self, room: &mut [u8], deadline: Deadline) -> io::Result<usize> {
        let mut deadline = deadline;
        loop {
            if let Some(size) = self.drain(room)? {
                return Ok(size);
            }
            if let Some(error) = &self.failed {
                return Err(self.refusal(error));
            }
            if self.records.is_inside() {
                // A record has as long as a request, counted from its first bytes.
                let end = deadline.end().min(self.records.begun() + REQUEST_TIME);
                deadline = Deadline::at(end);
            }
            // An end without close_notify is one all the same: many programs end so. In the middle
            // of a record it brings no bytes, so nothing is done that was not sent whole.
            if self.receive(deadline)? == 0 {
                return Ok(0);
            }
            if let Err(error) = self.process() {
                // What a client had received before is an answer; what a server had is no request:
                // its alert says that nothing was done.
                if matches!(*self.tls, Connection::Server(_)) {
                    return Err(error);
                }
            }
        }
    }

    fn send(
        &mut self,
        bytes: &[u8],
        wait: impl FnMut(&Tcp) -> io::Result<()>,
    ) -> Result<(), Unsent> {
        let written = self.tls.writer().write_all(bytes);
        written.map_err(|error| Unsent { error, partly: false })?;
        self.flush(wait)
    }

    fn finish(&mut self) {
        self.tls.send_close_notify();
        // Whoever does not read it has lost nothing else.
        let _ = self.flush(|_| Err(io::ErrorKind::WouldBlock.into()));
    }

    fn is_quiet(&mut self) -> bool {
        // What waits may be a ticket for the next handshake: that is neither an end nor an answer.
        while self.failed.is_none() && self.tls.reader().into_first_chunk().is_err() {
            if self.tcp.is_silent() {
                return true;
            }
            let received = self.receive(Deadline::after(REQUEST_TIME));
            if received.is_ok_and(|size| size == 0) || self.process().is_err() {
                return false;
            }
        }
        false
    }

    fn is_refused(&self) -> bool {
        !self.has_received && matches!(self.failed, Some(rustls::Error::AlertReceived(_)))
    }
}

/// The socket as `rustls` reads from it.
struct Incoming<'a> {
    tcp: &'a mut Tcp,
    records: &'a mut Records,
    deadline: Deadline,
}

impl Read for Incoming<'_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        match self.tcp.read(room, self.deadline)? {
            // `rustls` would remember it, but after our own SHUT_RD there may be more.
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            size => {
                self.records.pass(&room[..size]);
                Ok(size)
            }
        }
    }
}

/// The socket as `rustls` writes to it: it never waits.
struct Outgoing<'a>(&'a Tcp);

impl Write for Outgoing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.send_now(bytes)
    }

    fn write_vectored(&mut self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        if let [part] = parts {
            return self.write(part);
        }
        // Only a handshake has several: one call for all of them is one packet.
        let all: Vec<u8> = parts.iter().flat_map(|part| part.iter().copied()).collect();
        self.write(&all)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
