//! The command line of a client, alike in every stage.

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;

use crate::client::ask::Ask;
use crate::program::duration::seconds;

/// The box office's client; without a command, a menu
#[derive(Clone, Debug, Parser)]
#[command(name = "client", version)]
pub struct ClientOptions {
    /// Directory of the server
    #[arg(long, value_name = "DIR", default_value = "run")]
    pub dir: PathBuf,
    /// How long to wait for an answer
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = seconds)]
    pub timeout: Duration,
    /// Print the answer to a command as one JSON object
    #[arg(long)]
    pub json: bool,
    /// What to ask
    #[command(subcommand)]
    pub command: Option<Ask>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        ClientOptions::command().debug_assert();
    }

    #[test]
    fn a_negative_number_is_an_argument_and_a_huge_one_an_error() {
        let parse = |words: &[&str]| ClientOptions::try_parse_from([&["client"], words].concat());
        let command = parse(&["reserve", "-3", "-2147483648"]).unwrap().command;
        assert_eq!(command, Some(Ask::Reserve { show: -3, seats: i32::MIN }));
        assert!(parse(&["reserve", "3", "99999999999"]).is_err());
        assert!(parse(&["view", "three"]).is_err());
        assert_eq!(parse(&[]).unwrap().command, None);
    }
}
