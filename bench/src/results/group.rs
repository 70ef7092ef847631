//! What is measured side by side: questions, clients, and where and how they ask.

use serde::{Deserialize, Serialize};

/// Clients of the groups with several.
pub const CLIENTS: [usize; 3] = [4, 16, 64];
/// Requests per second of the open loops.
pub const RATES: [u32; 3] = [100, 1_000, 10_000];
/// Connections of the crowd.
pub const CROWD: [usize; 4] = [1, 64, 512, 4096];
/// Connections to what people would install instead.
pub const BESIDE_PEERS: [usize; 2] = [64, 512];

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// The seats left on one show: 32 bytes there, 32 back.
    View,
    /// The whole table: 32 bytes there, 752 back.
    List,
    /// One seat of one show; a baseline writes 4 bytes and calls fdatasync.
    Reserve,
}

impl Question {
    /// Its name in the protocol.
    pub fn name(self) -> &'static str {
        match self {
            Question::View => "VIEW",
            Question::List => "LIST",
            Question::Reserve => "RESERVE",
        }
    }
}

/// Where processes run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Affinity {
    /// Server and clients on [`Host::chosen_cpu`](crate::results::host::Host::chosen_cpu).
    OneCpu,
    /// Wherever the scheduler puts them.
    Free,
}

impl Affinity {
    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Affinity::OneCpu => "one CPU",
            Affinity::Free => "free",
        }
    }
}

/// What an acknowledged reservation survives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Durability {
    /// A power cut: there was an fdatasync.
    #[default]
    Power,
    /// The death of any process: there was a write.
    Process,
}

impl Durability {
    /// The value of a stage's `--durability`.
    pub fn option(self) -> &'static str {
        match self {
            Durability::Power => "power",
            Durability::Process => "process",
        }
    }
}

/// A group: in each of its rounds everything that is compared has its turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Group {
    /// VIEW in a closed loop; of one client on one CPU LIST too.
    Views {
        /// How many client processes.
        clients: usize,
        /// Where.
        affinity: Affinity,
    },
    /// RESERVE in a closed loop, on one CPU.
    Reservations {
        /// How many client processes.
        clients: usize,
        /// What a reservation survives.
        durability: Durability,
    },
    /// VIEW of one client on one CPU, due at fixed moments.
    OpenLoop {
        /// Requests per second.
        rate: u32,
    },
    /// What needs no server: the table in the same process, and the disk.
    References,
    /// VIEW, then RESERVE, of many connections that one client process holds.
    Crowd {
        /// How many connections.
        connections: usize,
    },
    /// The same beside what people would install instead.
    Peers {
        /// How many connections.
        connections: usize,
    },
}

impl Group {
    /// VIEW and LIST of one client on one CPU.
    pub const LATENCY: Group = Group::Views { clients: 1, affinity: Affinity::OneCpu };

    /// VIEW of these clients on one CPU.
    pub fn views(clients: usize) -> Group {
        Group::Views { clients, affinity: Affinity::OneCpu }
    }

    /// VIEW of these clients, wherever the scheduler puts processes.
    pub fn free_views(clients: usize) -> Group {
        Group::Views { clients, affinity: Affinity::Free }
    }

    /// RESERVE of these clients, durable against a power cut.
    pub fn durable(clients: usize) -> Group {
        Group::Reservations { clients, durability: Durability::Power }
    }

    /// Its name, for tables and for `--groups`.
    pub fn name(self) -> String {
        let of = |clients: usize| match clients {
            1 => "1 client".to_owned(),
            n => format!("{n} clients"),
        };
        match self {
            Group::LATENCY => "VIEW and LIST of 1 client".to_owned(),
            Group::Views { clients, affinity: Affinity::OneCpu } => {
                format!("VIEW of {}", of(clients))
            }
            Group::Views { clients, affinity: Affinity::Free } => {
                format!("VIEW of {}, free", of(clients))
            }
            Group::Reservations { clients, durability: Durability::Power } => {
                format!("durable RESERVE of {}", of(clients))
            }
            Group::Reservations { clients, durability: Durability::Process } => {
                format!("process-durable RESERVE of {}", of(clients))
            }
            Group::OpenLoop { rate } => format!("VIEW at {rate} per second"),
            Group::References => "references".to_owned(),
            Group::Crowd { connections: 1 } => "crowd of 1 connection".to_owned(),
            Group::Crowd { connections } => format!("crowd of {connections} connections"),
            Group::Peers { connections } => format!("peers of {connections} connections"),
        }
    }

    /// Its connections, if one client process holds them all; None where each client is a process.
    pub fn multiplexed(self) -> Option<usize> {
        match self {
            Group::Crowd { connections } | Group::Peers { connections } => Some(connections),
            Group::Views { .. }
            | Group::Reservations { .. }
            | Group::OpenLoop { .. }
            | Group::References => None,
        }
    }

    /// Whether it was asked for; some groups run only if they are named.
    pub fn is_wanted(self, wanted: &[String]) -> bool {
        match self.multiplexed() {
            Some(_) => is_named(&self.name(), wanted),
            None => is_wanted(&self.name(), wanted),
        }
    }

    /// Where its processes run.
    pub fn affinity(self) -> Affinity {
        match self {
            Group::Views { affinity, .. } => affinity,
            Group::Reservations { .. } | Group::OpenLoop { .. } | Group::References => {
                Affinity::OneCpu
            }
            Group::Crowd { .. } | Group::Peers { .. } => Affinity::Free,
        }
    }

    /// What a reservation of its servers survives.
    pub fn durability(self) -> Durability {
        match self {
            Group::Reservations { durability, .. } => durability,
            Group::Views { .. }
            | Group::OpenLoop { .. }
            | Group::References
            | Group::Crowd { .. }
            | Group::Peers { .. } => Durability::Power,
        }
    }

    /// Requests per second of each client; None: the next one after the reply.
    pub fn rate(self) -> Option<u32> {
        match self {
            Group::OpenLoop { rate } => Some(rate),
            Group::Views { .. }
            | Group::Reservations { .. }
            | Group::References
            | Group::Crowd { .. }
            | Group::Peers { .. } => None,
        }
    }
}

/// Whether a name was asked for: by a part of it, or by nothing.
pub fn is_wanted(name: &str, wanted: &[String]) -> bool {
    wanted.is_empty() || wanted.iter().any(|part| name.contains(part.as_str()))
}

/// Whether a group that runs by its name only was asked for: by the beginning of its name.
pub fn is_named(name: &str, wanted: &[String]) -> bool {
    wanted.iter().any(|part| !part.is_empty() && name.starts_with(part.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_chosen_by_a_part_of_its_name() {
        let wanted =
            |parts: &[&str]| parts.iter().map(|part| (*part).to_owned()).collect::<Vec<_>>();
        let name = Group::durable(64).name();
        assert_eq!(name, "durable RESERVE of 64 clients");
        assert!(is_wanted(&name, &[]) && is_wanted(&name, &wanted(&["LIST", "of 64"])));
        assert!(!is_wanted(&name, &wanted(&["VIEW"])));
    }

    #[test]
    fn a_crowd_runs_only_if_it_is_named() {
        let crowd = |part: &str| Group::Crowd { connections: 64 }.is_wanted(&[part.to_owned()]);
        assert!(crowd("crowd") && crowd("crowd of 64"));
        assert!(!crowd("crowd of 1") && !crowd("of 64") && !crowd("connections") && !crowd(""));
        assert!(!Group::Crowd { connections: 64 }.is_wanted(&[]));
        assert!(Group::durable(64).is_wanted(&[]));
    }

    #[test]
    fn a_group_is_written_field_by_field() {
        let text = serde_json::to_string(&Group::durable(64)).unwrap();
        assert_eq!(text, r#"{"kind":"reservations","clients":64,"durability":"power"}"#);
        assert_eq!(serde_json::from_str::<Group>(&text).unwrap(), Group::durable(64));
    }
}
