//! The command lines of this stage: those of q5, and whose certificates are shown and trusted.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use common::client;
use common::program::duration::seconds;
use common::server;
use q5_sockets::options::{connections, host_and_port};

/// Where the server listens and clients connect, if nobody says otherwise: this machine only.
pub const ADDRESS: &str = "127.0.0.1:5443";

/// The box office's server
#[derive(Clone, Debug, Parser)]
#[command(name = "server", version)]
#[group(id = "tls")]
pub struct ServerOptions {
    /// What every stage has.
    #[command(flatten)]
    pub common: server::options::ServerOptions,
    /// Address to listen on, IPv4 or IPv6 (in brackets); may be given several times; port 0: any free one
    #[arg(long, value_name = "ADDR:PORT", default_value = ADDRESS)]
    pub listen: Vec<SocketAddr>,
    /// Connections at most; one more takes the place of one that is idle, or is told BUSY
    #[arg(long, value_name = "N", default_value = "1024", value_parser = connections)]
    pub max_connections: usize,
    /// Close a connection on which nothing was asked for so long
    #[arg(long, value_name = "SECONDS", default_value = "300", value_parser = seconds)]
    pub idle_timeout: Duration,
    /// The server's certificate and those between it and its authority (PEM); without it, one for trial
    #[arg(long, value_name = "FILE", requires = "key")]
    pub cert: Option<PathBuf>,
    /// The private key of the certificate (PEM); nobody else may read it
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub key: Option<PathBuf>,
    /// Serve only clients with a certificate of this authority (PEM), and log who they are
    #[arg(long, value_name = "FILE")]
    pub client_ca: Option<PathBuf>,
}

/// The box office's client; without a command, a menu
#[derive(Clone, Debug, Parser)]
#[command(name = "client", version)]
#[group(id = "tls")]
pub struct ClientOptions {
    /// What every stage has.
    #[command(flatten)]
    pub common: client::options::ClientOptions,
    /// Address of the server: a name, IPv4 or IPv6 (in brackets); its certificate must have that name
    #[arg(long, value_name = "HOST:PORT", default_value = ADDRESS, value_parser = host_and_port)]
    pub connect: String,
    /// The authority of the server's certificate (PEM); without it, the one for trial in DIR/tls
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// A certificate that says who asks (PEM)
    #[arg(long, value_name = "FILE", requires = "key")]
    pub cert: Option<PathBuf>,
    /// The private key of the certificate (PEM); nobody else may read it
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub key: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_lines_are_consistent() {
        ServerOptions::command().debug_assert();
        ClientOptions::command().debug_assert();
    }

    #[test]
    fn a_certificate_and_its_key_are_given_together() {
        let server = |words: &[&str]| ServerOptions::try_parse_from([&["server"], words].concat());
        let client = |words: &[&str]| ClientOptions::try_parse_from([&["client"], words].concat());
        assert!(server(&["--cert", "a.pem", "--key", "a.key"]).is_ok());
        assert!(client(&["--cert", "a.pem", "--key", "a.key"]).is_ok());
        for one in [["--cert", "a.pem"], ["--key", "a.key"]] {
            assert!(server(&one).is_err() && client(&one).is_err(), "{one:?}");
        }
    }
}
