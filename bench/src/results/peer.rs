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
            Peer::Redis => "any data, expiry, scripts, replicas; clients in every language",
            Peer::Postgresql => "SQL, transactions over many rows, users, replicas, backups",
            Peer::Sqlite => "SQL in one file, and no server to run",
        }
    }

    /// What a stage with sockets gives and it does not, as it was set here.
    pub fn lacks(self) -> &'static str {
        match self {
            Peer::Redis => {
                "a file that stays small; a bound on replies that a client does not read"
            }
            Peer::Postgresql => {
                "one sync for all who want the same show: each holds the row until the disk is done"
            }
            Peer::Sqlite => "clients on other machines; one sync for several clients",
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readme_says_the_same_of_each() {
        let readme = include_str!("../../README.md");
        for peer in PEERS {
            let row = format!("| {} | {} | {} |", peer.name(), peer.gives(), peer.lacks());
            assert!(readme.contains(&row), "{row}");
        }
    }
}
