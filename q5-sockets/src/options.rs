//! The command line of the stages with sockets: what every stage has, and where to listen or
//! connect.

use std::net::SocketAddr;
use std::time::Duration;

use clap::Parser;
use common::client;
use common::program::duration::seconds;
use common::server;

/// Where the server listens and clients connect, if nobody says otherwise: this machine only.
pub const ADDRESS: &str = "127.0.0.1:5000";

/// The box office's server
#[derive(Clone, Debug, Parser)]
#[command(name = "server", version)]
#[group(id = "sockets")]
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
}

/// The box office's client; without a command, a menu
#[derive(Clone, Debug, Parser)]
#[command(name = "client", version)]
#[group(id = "sockets")]
pub struct ClientOptions {
    /// What every stage has; this one has no use for `--dir`.
    #[command(flatten)]
    pub common: client::options::ClientOptions,
    /// Address of the server: a name, IPv4 or IPv6 (in brackets)
    #[arg(long, value_name = "HOST:PORT", default_value = ADDRESS, value_parser = host_and_port)]
    pub connect: String,
}

/// Most connections that can be asked for; each has a thread, and a machine some 32000 of them.
const CONNECTIONS_MAX: usize = 16_384;

/// A number of connections.
///
/// # Errors
/// For anything that is no number, for 0 and for too many.
pub fn connections(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number) if (1..=CONNECTIONS_MAX).contains(&number) => Ok(number),
        _ => Err(format!("write a number from 1 to {CONNECTIONS_MAX}")),
    }
}

/// A name or an address, and a port behind the last colon; whether it exists is found out later.
///
/// # Errors
/// If one of the two is missing, or the port is none.
pub fn host_and_port(text: &str) -> Result<String, String> {
    match text.rsplit_once(':') {
        Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok() => Ok(text.into()),
        _ => Err(format!("write a host and a port, e.g. {ADDRESS}")),
    }
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
    fn addresses_of_both_families_are_taken_several_times() {
        let parse = |words: &[&str]| ServerOptions::try_parse_from([&["server"], words].concat());
        assert_eq!(parse(&[]).unwrap().listen, [ADDRESS.parse().unwrap()]);
        let both = parse(&["--listen", "0.0.0.0:0", "--listen", "[::1]:5000"]).unwrap();
        assert_eq!(both.listen.len(), 2);
        for wrong in ["5000", "localhost:5000", "127.0.0.1", "127.0.0.1:65536"] {
            assert!(parse(&["--listen", wrong]).is_err(), "{wrong}");
        }
        for wrong in ["0", "-1", "16385", "many"] {
            assert!(parse(&["--max-connections", wrong]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_client_needs_a_host_and_a_port() {
        let parse = |connect| ClientOptions::try_parse_from(["client", "--connect", connect]);
        for right in ["127.0.0.1:5000", "[::1]:5000", "box-office.example:5000"] {
            assert_eq!(parse(right).unwrap().connect, right);
        }
        for wrong in ["", "127.0.0.1", "localhost", "localhost:", ":5000", "localhost:65536"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
