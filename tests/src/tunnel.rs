//! A tunnel: whoever writes bytes into a plain connection has them sent over TLS, so that what is
//! asked of a server on sockets can be asked of one that encrypts.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread::Builder;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{setsockopt, sockopt};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore};

/// Bytes that are decrypted and not yet read, at most.
const ROOM: usize = 16 * 1024;
/// How long to wait for a handshake.
const HANDSHAKE_MAX: Duration = Duration::from_secs(1);

/// A client's configuration that trusts one authority (PEM).
///
/// # Errors
/// If there is none in the file.
///
/// # Panics
/// Never: ring has TLS 1.3.
pub fn trusting(ca: &Path) -> io::Result<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    let certificate = CertificateDer::from_pem_file(ca).map_err(io::Error::other)?;
    roots.add(certificate).map_err(io::Error::other)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .expect("ring has it");
    Ok(Arc::new(builder.with_root_certificates(roots).with_no_client_auth()))
}

/// The plain end of a tunnel to a server of this machine whose connection is `outer`; `dir` has its
/// authority for trial. It waits for the handshake, but not for long: a server may be frozen.
///
/// # Errors
/// If there is no authority, or no thread.
pub fn open(outer: TcpStream, dir: &Path) -> io::Result<TcpStream> {
    let name = ServerName::try_from("127.0.0.1").map_err(io::Error::other)?;
    let config = trusting(&dir.join("tls/ca.pem"))?;
    let tls = ClientConnection::new(config, name).map_err(io::Error::other)?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let plain = TcpStream::connect(listener.local_addr()?)?;
    let (inner, _) = listener.accept()?;
    for socket in [&plain, &inner, &outer] {
        socket.set_nodelay(true)?;
    }
    inner.set_nonblocking(true)?;
    outer.set_nonblocking(true)?;
    let (agree, agreed) = channel();
    let agree = Some(agree);
    let mut tunnel = Tunnel { inner, outer, tls, waiting: Vec::new(), ended: [false; 2], agree };
    Builder::new().name("tunnel".into()).spawn(move || {
        // Whoever holds the plain end reads how it ended.
        if tunnel.run().is_err() {
            let reset = nix::libc::linger { l_onoff: 1, l_linger: 0 };
            let _ = setsockopt(&tunnel.inner, sockopt::Linger, &reset);
        }
    })?;
    // Without it the first bytes would wait in the tunnel, and be lost at a stop.
    let _ = agreed.recv_timeout(HANDSHAKE_MAX);
    Ok(plain)
}

struct Tunnel {
    inner: TcpStream,
    outer: TcpStream,
    tls: ClientConnection,
    /// Decrypted, and not yet written to the plain end.
    waiting: Vec<u8>,
    /// Whether the plain end, and the server, send no more.
    ended: [bool; 2],
    /// Dropped after the handshake.
    agree: Option<Sender<()>>,
}

impl Tunnel {
    /// Moves bytes until both ends have closed.
    fn run(&mut self) -> io::Result<()> {
        while self.ended != [true; 2] || !self.waiting.is_empty() || self.tls.wants_write() {
            self.wait()?;
            self.read_plain()?;
            self.write_server()?;
            self.read_server()?;
            self.write_plain()?;
            if !self.tls.is_handshaking() && !self.tls.wants_write() {
                self.agree = None;
            }
        }
        Ok(())
    }

    fn wait(&self) -> io::Result<()> {
        let flag = |wanted: bool, flag| if wanted { flag } else { PollFlags::empty() };
        let reads_plain = !self.ended[0] && !self.tls.wants_write();
        let inner = flag(reads_plain, PollFlags::POLLIN)
            | flag(!self.waiting.is_empty(), PollFlags::POLLOUT);
        let outer = flag(self.reads_server(), PollFlags::POLLIN)
            | flag(self.tls.wants_write(), PollFlags::POLLOUT);
        let mut events =
            [PollFd::new(self.inner.as_fd(), inner), PollFd::new(self.outer.as_fd(), outer)];
        poll(&mut events, PollTimeout::NONE)?;
        let is_lost =
            |event: &PollFd<'_>| event.revents().is_some_and(|it| it.contains(PollFlags::POLLERR));
        if events.iter().any(is_lost) {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        Ok(())
    }

    fn reads_server(&self) -> bool {
        !self.ended[1] && self.waiting.len() < ROOM
    }

    fn read_plain(&mut self) -> io::Result<()> {
        if self.ended[0] || self.tls.wants_write() || self.tls.is_handshaking() {
            return Ok(());
        }
        let mut bytes = [0; 4096];
        match self.inner.read(&mut bytes) {
            Ok(0) => {
                self.ended[0] = true;
                self.tls.send_close_notify();
            }
            Ok(size) => self.tls.writer().write_all(&bytes[..size])?,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn write_server(&mut self) -> io::Result<()> {
        while self.tls.wants_write() {
            match self.tls.write_tls(&mut self.outer) {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        if self.ended[0] {
            // Done before, it is none; closed by the other side, it is of no use.
            let _ = self.outer.shutdown(Shutdown::Write);
        }
        Ok(())
    }

    fn read_server(&mut self) -> io::Result<()> {
        while self.reads_server() {
            match self.tls.read_tls(&mut self.outer) {
                Ok(size) => {
                    let state = self.tls.process_new_packets().map_err(io::Error::other)?;
                    let mut bytes = vec![0; state.plaintext_bytes_to_read()];
                    self.tls.reader().read_exact(&mut bytes)?;
                    self.waiting.extend(bytes);
                    if size == 0 || state.peer_has_closed() {
                        self.ended[1] = true;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn write_plain(&mut self) -> io::Result<()> {
        while !self.waiting.is_empty() {
            match self.inner.write(&self.waiting) {
                Ok(size) => drop(self.waiting.drain(..size)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        if self.ended[1] {
            let _ = self.inner.shutdown(Shutdown::Write);
        }
        Ok(())
    }
}
