//! The client: that of question 5, which knows where this stage's server listens.

use std::time::Instant;

use common::client::menu;
use q5_sockets::client::{Client, no_server};

use crate::PACKAGE;
use crate::options::ClientOptions;

/// Runs the client program; returns the exit status.
///
/// # Errors
/// If there is no server, or a question stays without an answer.
pub fn run(options: &ClientOptions) -> anyhow::Result<u8> {
    let timeout = options.common.timeout;
    let mut client = Client::connect(&options.connect, timeout, Instant::now() + timeout)
        .map_err(|error| no_server(&error, &options.connect, PACKAGE))?;
    menu::run(&options.common, |ask| client.ask(ask).copied())
}
