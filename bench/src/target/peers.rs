//! What people would install instead: whether it is there, and how each of them starts, stops and says
//! what it has sold.

pub mod postgresql;
pub mod redis;
pub mod sqlite;
pub mod start;

use std::path::{Path, PathBuf};

use anyhow::bail;
use nix::sys::signal::Signal;

use crate::results::peer::{PEERS, Peer, PeerFacts};
use crate::target::peers::start::{SEATS, SHOWS, in_path};
use crate::target::process::Process;
use crate::target::{Kind, Target};

/// Those that are installed; the others are named, with the reason.
pub fn installed(work: &Path) -> Vec<Target> {
    let find = |peer: Peer| match find(peer, work) {
        Ok(program) => Some(Target::peer(peer, program)),
        Err(error) => {
            let (name, packages) = (peer.name(), peer.packages());
            eprintln!("bench: skipped: {name} ({error:#}; apt-get install {packages})");
            None
        }
    };
    PEERS.into_iter().filter_map(find).collect()
}

/// Where its program is; of PostgreSQL the folder of its programs.
fn find(peer: Peer, work: &Path) -> anyhow::Result<PathBuf> {
    match peer {
        Peer::Redis => in_path("redis-server"),
        Peer::Postgresql => postgresql::find(work),
        Peer::Sqlite => {
            let python = in_path("python3")?;
            if !sqlite::is_there(&python) {
                bail!("Python has no module sqlite3");
            }
            Ok(python)
        }
    }
}

/// Starts it with room for so many connections; None if it is no process.
///
/// # Errors
/// If it does not get ready.
pub fn start(
    peer: Peer,
    programs: &Path,
    dir: &Path,
    connections: usize,
) -> anyhow::Result<Option<Process>> {
    match peer {
        Peer::Redis => redis::start(programs, dir, connections).map(Some),
        Peer::Postgresql => postgresql::start(programs, dir, connections).map(Some),
        Peer::Sqlite => sqlite::create(programs, dir).map(|()| None),
    }
}

/// The signal at which it ends, whoever is connected.
pub fn stop_signal(peer: Peer) -> Signal {
    match peer {
        Peer::Redis | Peer::Sqlite => Signal::SIGTERM,
        // "Fast": SIGTERM would wait for its clients.
        Peer::Postgresql => Signal::SIGINT,
    }
}

/// The seats that it has sold so far.
///
/// # Errors
/// If it cannot be asked.
pub fn sold(peer: Peer, programs: &Path, dir: &Path) -> anyhow::Result<i64> {
    let left = match peer {
        Peer::Redis => redis::seats_left(dir),
        Peer::Postgresql => postgresql::seats_left(programs, dir),
        Peer::Sqlite => sqlite::seats_left(programs, dir),
    };
    Ok(i64::from(SHOWS) * i64::from(SEATS) - left?)
}

/// What it says of itself while it runs.
///
/// # Errors
/// If the target is none of them, or does not answer.
pub fn describe(target: &Target, dir: &Path) -> anyhow::Result<PeerFacts> {
    let Kind::Peer(peer, programs) = &target.kind else { bail!("{} is no peer", target.name()) };
    let (version, settings) = match peer {
        Peer::Redis => redis::describe(dir),
        Peer::Postgresql => postgresql::describe(programs, dir),
        Peer::Sqlite => sqlite::describe(programs, dir),
    }?;
    Ok(PeerFacts { peer: *peer, version, settings })
}
