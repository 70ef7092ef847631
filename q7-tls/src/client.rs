//! The client over TLS: q5's client, which shakes hands with the server before it asks, checks the
//! server's name, and shows its own certificate if it has one.

use std::io;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use common::client::menu;
use common::program::exit::plain;
use q5_sockets::armour::deadline::Deadline;
use q5_sockets::client::no_server;
use q5_sockets::stream::{Layer, Tcp};
use rustls::ClientConnection;
use rustls::client::ClientConfig;
use rustls::pki_types::ServerName;

use crate::PACKAGE;
use crate::channel::Tls;
use crate::credentials;
use crate::options::ClientOptions;

/// A client: one thread's. Another thread may have another.
pub type Client = q5_sockets::client::Client<ClientLayer>;

/// Runs the client program; returns the exit status.
///
/// # Errors
/// If there is no server, it is not trusted, or a question stays without an answer.
pub fn run(options: &ClientOptions) -> anyhow::Result<u8> {
    let mut client = open(options)?;
    menu::run(&options.common, |ask| client.ask(ask).copied())
}

/// Connects to the server that the options name.
///
/// # Errors
/// If no server listens there, or one of the two refuses the other.
pub fn open(options: &ClientOptions) -> anyhow::Result<Client> {
    let timeout = options.common.timeout;
    let layer = ClientLayer::new(options);
    let deadline = Instant::now() + timeout;
    Client::connect_over(layer, &options.connect, timeout, deadline)
        .map_err(|error| no_server(&error, &options.connect, PACKAGE))
}

/// TLS over a client's connections.
#[derive(Debug)]
pub struct ClientLayer {
    options: ClientOptions,
    /// Read when the first connection is there: without a server, that is what is missing.
    config: OnceLock<Arc<ClientConfig>>,
}

impl ClientLayer {
    /// A layer that shows and trusts what the options name; the files are read when they are needed.
    pub fn new(options: &ClientOptions) -> ClientLayer {
        ClientLayer { options: options.clone(), config: OnceLock::new() }
    }

    /// Reads the files now.
    ///
    /// # Errors
    /// Names the file that is missing, damaged or open to others.
    pub fn prepare(&self) -> io::Result<Arc<ClientConfig>> {
        if let Some(config) = self.config.get() {
            return Ok(config.clone());
        }
        let config = credentials::client_config(&self.options);
        let config = config.map_err(|error| io::Error::other(chain(&error)))?;
        Ok(self.config.get_or_init(|| config).clone())
    }
}

impl Layer for ClientLayer {
    type Stream = Tls;

    fn open(&self, tcp: Tcp, deadline: Deadline) -> io::Result<Tls> {
        let client = ClientConnection::new(self.prepare()?, server_name(&self.options.connect)?);
        let mut tls = Tls::new(tcp, client.map_err(io::Error::other)?);
        tls.handshake(deadline, |compute| compute()).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => {
                io::Error::new(error.kind(), "closed by the server in the middle of the handshake")
            }
            _ => error,
        })?;
        Ok(tls)
    }
}

/// An error and its causes, in one line.
fn chain(error: &anyhow::Error) -> String {
    let causes = error.chain().map(|cause| match cause.downcast_ref::<io::Error>() {
        Some(error) => plain(error),
        None => cause.to_string(),
    });
    causes.collect::<Vec<_>>().join(": ")
}

/// The name that the server's certificate must have: the host of HOST:PORT.
fn server_name(server: &str) -> io::Result<ServerName<'static>> {
    let host = server.rsplit_once(':').map_or(server, |(host, _)| host);
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    ServerName::try_from(host).map_err(|_| {
        io::Error::new(io::ErrorKind::InvalidInput, "no certificate can have this name")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_server_is_its_host_without_brackets() {
        for (server, name) in [
            ("127.0.0.1:5443", "127.0.0.1"),
            ("[::1]:5443", "::1"),
            ("box-office.example:1", "box-office.example"),
        ] {
            assert_eq!(server_name(server).unwrap().to_str(), name);
        }
        assert!(server_name("a b:1").is_err());
    }
}
