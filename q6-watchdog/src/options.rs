//! The command line of this stage: where the dispatcher listens, how many servers there are behind
//! it, and when all of them stop.

use std::net::SocketAddr;
use std::time::Duration;

use clap::Parser;
use common::client;
use common::program::duration::seconds;
use common::server;
use q5_sockets::options::{connections, host_and_port};

/// Where the dispatcher listens and clients connect, if nobody says otherwise: this machine only.
pub const ADDRESS: &str = "127.0.0.1:2222";
/// Most consultation servers: each has three threads at least, and a probe twice a second.
pub const CONSULTATION_SERVERS_MAX: usize = 16;

/// The box office's server
#[derive(Clone, Debug, Parser)]
#[command(name = "server", version)]
#[group(id = "watchdog")]
pub struct ServerOptions {
    /// What every stage has.
    #[command(flatten)]
    pub common: server::options::ServerOptions,
    /// Address of the dispatcher, IPv4 or IPv6 (in brackets); port 0: any free one
    #[arg(long, value_name = "ADDR:PORT", default_value = ADDRESS)]
    pub listen: SocketAddr,
    /// First port of the servers behind the dispatcher: reservation, then consultation; 0: any free ones
    #[arg(long, value_name = "PORT", default_value = "0")]
    pub first_port: u16,
    /// Consultation servers
    #[arg(long, value_name = "N", default_value = "1", value_parser = servers)]
    pub consultation_servers: usize,
    /// Stop after so many requests were answered; without it, only when told to
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub exchanges: Option<u64>,
    /// Connections of each server at most; one more takes the place of one that is idle, or is told BUSY
    #[arg(long, value_name = "N", default_value = "1024", value_parser = connections)]
    pub max_connections: usize,
    /// Close a connection on which nothing was asked for so long
    #[arg(long, value_name = "SECONDS", default_value = "300", value_parser = seconds)]
    pub idle_timeout: Duration,
}

/// The box office's client; without a command, a menu
#[derive(Clone, Debug, Parser)]
#[command(name = "client", version)]
#[group(id = "watchdog")]
pub struct ClientOptions {
    /// What every stage has; this one has no use for `--dir`.
    #[command(flatten)]
    pub common: client::options::ClientOptions,
    /// Address of the dispatcher: a name, IPv4 or IPv6 (in brackets)
    #[arg(long, value_name = "HOST:PORT", default_value = ADDRESS, value_parser = host_and_port)]
    pub connect: String,
}

fn servers(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number) if (1..=CONSULTATION_SERVERS_MAX).contains(&number) => Ok(number),
        _ => Err(format!("write a number from 1 to {CONSULTATION_SERVERS_MAX}")),
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
    fn numbers_of_servers_and_exchanges_have_bounds() {
        let parse = |words: &[&str]| ServerOptions::try_parse_from([&["server"], words].concat());
        assert_eq!(parse(&[]).unwrap().consultation_servers, 1);
        assert_eq!(parse(&["--exchanges", "3"]).unwrap().exchanges, Some(3));
        for wrong in [["--consultation-servers", "0"], ["--consultation-servers", "17"]] {
            assert!(parse(&wrong).is_err(), "{wrong:?}");
        }
        for wrong in [["--exchanges", "0"], ["--exchanges", "x"], ["--first-port", "65536"]] {
            assert!(parse(&wrong).is_err(), "{wrong:?}");
        }
    }
}
