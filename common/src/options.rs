//! The command line, alike in every stage.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use tracing::level_filters::LevelFilter;

use crate::ask::Ask;

/// The box office's server
#[derive(Clone, Debug, Parser)]
#[command(name = "server", version)]
pub struct ServerOptions {
    /// Directory of the server: its data file, its lock, its kernel objects' names; made if missing
    #[arg(long, value_name = "DIR", default_value = "run")]
    pub dir: PathBuf,
    /// Shows of a new data file (TOML); without it, a sample of 8
    #[arg(long, value_name = "FILE")]
    pub shows: Option<PathBuf>,
    /// What an acknowledged reservation survives
    #[arg(long, value_name = "LEVEL", value_enum, default_value_t = Durability::Power)]
    pub durability: Durability,
    /// How much to log: off, error, warn, info (reservations), debug (consultations too), trace
    #[arg(long, value_name = "LEVEL", default_value = "info")]
    pub log_level: LevelFilter,
    /// Log to this file too; it is appended to
    #[arg(long, value_name = "FILE")]
    pub log_file: Option<PathBuf>,
}

/// What an acknowledged reservation survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Durability {
    /// The death of any process and a power cut: fdatasync before every acknowledgement
    Power,
    /// The death of any process, but not a power cut: no sync
    Process,
}

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

/// Longest time-out, a day: beyond it a sum of times could overflow, and nobody waits that long.
const TIMEOUT_MAX: f64 = 86_400.0;

/// A number of seconds, fractions allowed, above 0 and up to a day.
///
/// # Errors
/// For anything else.
pub fn seconds(text: &str) -> Result<Duration, String> {
    match text.parse::<f64>() {
        Ok(seconds) if (0.001..=TIMEOUT_MAX).contains(&seconds) => {
            Ok(Duration::from_secs_f64(seconds))
        }
        _ => Err(format!("write a number of seconds from 0.001 to {TIMEOUT_MAX}")),
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
    fn a_negative_number_is_an_argument_and_a_huge_one_an_error() {
        let parse = |words: &[&str]| ClientOptions::try_parse_from([&["client"], words].concat());
        let command = parse(&["reserve", "-3", "-2147483648"]).unwrap().command;
        assert_eq!(command, Some(Ask::Reserve { show: -3, seats: i32::MIN }));
        assert!(parse(&["reserve", "3", "99999999999"]).is_err());
        assert!(parse(&["view", "three"]).is_err());
        assert_eq!(parse(&[]).unwrap().command, None);
    }

    #[test]
    fn a_time_out_is_a_positive_number_of_seconds() {
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        assert_eq!(seconds("5"), Ok(Duration::from_secs(5)));
        for bad in ["0", "-1", "NaN", "inf", "1e9", "", "soon"] {
            assert!(seconds(bad).is_err(), "{bad}");
        }
    }
}
