//! Programs that people would install instead of a stage: their names, and what each of them gives.

use serde::{Deserialize, Serialize};

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Peer {
    /// One thread with an event loop, a script for each reservation, a log that is synced.
    Redis,
    /// A process for each connection, a transaction for each reservation.
    Postgresql,
    /// A library in the client's own process: there is no server and no network.
    Sqlite,
}

/// All of them, in the order of the tables.
pub const PEERS: [Peer; 3] = [Peer::Redis, Peer::Postgresql, Peer::Sqlite];

impl Peer {
    /// Its name in every table.
    pub fn name(self) -> &'static str {
        match self {
            Peer::Redis => "Redis",
            Peer::Postgresql => "PostgreSQL",
            Peer::Sqlite => "SQLite, no network",
        }
    }

    /// The Debian packages that it takes.
    pub fn packages(self) -> &'static str {
        match self {
            Peer::Redis => "redis-server",
            Peer::Postgresql => "postgresql postgresql-contrib",
            Peer::Sqlite => "python3",
        }
    }

    /// What it gives and a stage does not.
    pub fn gives(self) -> &'static str {
        match self {
            Peer::Redis => "any data, replicas, expiry, scripts, clients in every language",
            Peer::Postgresql => "any query, transactions over many rows, users, replicas, backups",
            Peer::Sqlite => "any query in one file, and no server to run",
        }
    }

    /// What a stage gives and it does not.
    pub fn lacks(self) -> &'static str {
        match self {
            Peer::Redis => {
                "files in place (its log grows until it is rewritten), no word after a failed sync"
            }
            Peer::Postgresql => {
                "one sync for all who wait on one row: each waits for the lock, then for the disk"
            }
            Peer::Sqlite => "clients on other machines, one sync for several clients",
        }
    }
}

/// What was installed, and how it was set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeerFacts {
    /// Which one.
    pub peer: Peer,
    /// As it says itself.
    pub version: String,
    /// The settings on which durability and speed depend, as the running program says them.
    pub settings: String,
}
