//! What others notice of one client's load: VIEW latency of a few connections beside it.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::results::spread::Spread;

/// Connections that ask for a VIEW without a pause.
pub const ACTIVE: usize = 4;
/// Connections that reserve meanwhile.
pub const RESERVING: usize = 60;
/// Connections that have sent half a request.
pub const SILENT: usize = 1000;

/// What the server has to do besides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Burden {
    /// Durable reservations of some connections.
    Reservations,
    /// One connection that asks for LIST after LIST, and hardly reads.
    SlowReader,
    /// Many connections that have sent half a request and say no more.
    Silent,
    /// One connection that sends requests as fast as they are taken.
    Flood,
}

/// All of them.
pub const BURDENS: [Burden; 4] =
    [Burden::Reservations, Burden::SlowReader, Burden::Silent, Burden::Flood];

impl Burden {
    /// In words.
    pub fn name(self) -> String {
        match self {
            Burden::Reservations => format!("{RESERVING} connections that reserve"),
            Burden::SlowReader => "a slow reader of LISTs".to_owned(),
            Burden::Silent => format!("{SILENT} connections with half a request"),
            Burden::Flood => "a flood on one connection".to_owned(),
        }
    }
}

/// One server beside one burden; a figure for each round.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Beside {
    /// The server.
    pub server: String,
    /// What it had to do besides.
    pub burden: Burden,
    /// VIEW p50 of the active connections meanwhile, in microseconds.
    pub p50_us: Spread,
    /// VIEW p99 meanwhile, in microseconds.
    pub p99_us: Spread,
    /// The same divided by that without the burden.
    pub p99_ratio: Spread,
}
