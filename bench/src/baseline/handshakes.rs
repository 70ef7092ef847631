//! The bare `rustls` server: a handshake for each connection, and nothing else.

use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use anyhow::Context as _;
use clap::Parser;
use q7_tls::credentials::ServerCredentials;
use q7_tls::options::ServerOptions;
use rustls::ServerConnection;

/// A thread for each connection, which shakes hands and waits for the end: nothing else.
#[derive(Debug)]
pub struct Bare {
    /// Where it listens.
    pub address: String,
    is_over: Arc<AtomicBool>,
}

impl Bare {
    /// With the certificate of the server in `dir`.
    ///
    /// # Errors
    /// If it cannot listen.
    pub fn start(dir: &Path) -> anyhow::Result<Bare> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).context("cannot listen")?;
        let address = listener.local_addr()?.to_string();
        let mut options = ServerOptions::try_parse_from(["server"])?;
        dir.clone_into(&mut options.common.dir);
        let config = ServerCredentials::open(&options)?.current();
        let is_over = Arc::new(AtomicBool::new(false));
        let over = is_over.clone();
        thread::spawn(move || {
            for socket in listener.incoming().flatten() {
                if over.load(Ordering::Relaxed) {
                    return;
                }
                let config = config.clone();
                thread::spawn(move || shake_hands(socket, config));
            }
        });
        Ok(Bare { address, is_over })
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        // It waits for a connection.
        drop(TcpStream::connect(&self.address));
    }
}

fn shake_hands(mut socket: TcpStream, config: Arc<rustls::ServerConfig>) -> anyhow::Result<()> {
    socket.set_nodelay(true)?;
    let mut tls = ServerConnection::new(config)?;
    while tls.is_handshaking() || tls.wants_write() {
        tls.complete_io(&mut socket)?;
    }
    socket.read_to_end(&mut Vec::new())?;
    Ok(())
}
