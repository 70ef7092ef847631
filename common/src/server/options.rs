//! The command line of a server, alike in every stage.

use std::path::PathBuf;

use clap::Parser;
use tracing::level_filters::LevelFilter;

use crate::booking::store::Durability;

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

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        ServerOptions::command().debug_assert();
    }
}
