//! The command line of this stage: that of question 5, with another port and room for more
//! connections.

use std::net::SocketAddr;
use std::time::Duration;

use clap::Parser;
use common::client;
use common::program::duration::seconds;
use common::server;
use q5_sockets::options::host_and_port;

/// Where the server listens and clients connect, if nobody says otherwise: this machine only.
pub const ADDRESS: &str = "127.0.0.1:5009";

/// The box office's server
#[derive(Clone, Debug, Parser)]
#[command(name = "server", version)]
#[group(id = "events")]
pub struct ServerOptions {
    /// What every stage has.
    #[command(flatten)]
    pub common: server::options::ServerOptions,
    /// Address to listen on, IPv4 or IPv6 (in brackets); may be given several times; port 0: any free one
    #[arg(long, value_name = "ADDR:PORT", default_value = ADDRESS)]
    pub listen: Vec<SocketAddr>,
    /// Connections at most; one more takes the place of one that is idle, or is told BUSY
    #[arg(long, value_name = "N", default_value = "16384", value_parser = connections)]
    pub max_connections: usize,
    /// Close a connection on which nothing was asked for so long
    #[arg(long, value_name = "SECONDS", default_value = "300", value_parser = seconds)]
    pub idle_timeout: Duration,
}

/// The box office's client; without a command, a menu
#[derive(Clone, Debug, Parser)]
#[command(name = "client", version)]
#[group(id = "events")]
pub struct ClientOptions {
    /// What every stage has; this one has no use for `--dir`.
    #[command(flatten)]
    pub common: client::options::ClientOptions,
    /// Address of the server: a name, IPv4 or IPv6 (in brackets)
    #[arg(long, value_name = "HOST:PORT", default_value = ADDRESS, value_parser = host_and_port)]
    pub connect: String,
}

/// Most connections that can be asked for: each takes less than a KiB here and some 12 in the kernel.
const CONNECTIONS_MAX: usize = 65_536;

fn connections(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number) if (1..=CONNECTIONS_MAX).contains(&number) => Ok(number),
        _ => Err(format!("write a number from 1 to {CONNECTIONS_MAX}")),
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
    fn a_number_of_connections_has_a_bound() {
        let parse = |number| ServerOptions::try_parse_from(["server", "--max-connections", number]);
        assert_eq!(parse("65536").unwrap().max_connections, 65_536);
        for wrong in ["0", "-1", "65537", "many"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
