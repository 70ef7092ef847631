//! What people would install instead: looked for, and asked whether it does the work before it is
//! measured.

use anyhow::Context as _;

use crate::clients::Clients;
use crate::context::Context;
use crate::results::group::{BESIDE_PEERS, Group, Question};
use crate::results::peer::PeerFacts;
use crate::target::server::{Server, Settings};
use crate::target::{Target, peers};

/// Requests of each kind by which it is verified.
const REQUESTS: u64 = 5;

/// Those that are installed, if their group was asked for.
pub fn wanted(context: &Context, groups: &[String]) -> Vec<Target> {
    let mut all = BESIDE_PEERS.into_iter().map(|connections| Group::Peers { connections });
    if all.any(|group| group.is_wanted(groups)) {
        return peers::installed(context.work());
    }
    Vec::new()
}

/// Starts one, asks it a few requests, and what it says of itself.
///
/// # Errors
/// If it does not get ready, or has not sold what it has acknowledged.
pub fn verify(context: &Context, target: &Target) -> anyhow::Result<PeerFacts> {
    let settings = Settings::default().with_room(1);
    let server = Server::start(target, context.work(), &settings)?;
    let mut clients = Clients::multiplexed(target, &server.dir(), 1)?;
    clients.ask_times(Question::View, REQUESTS)?;
    clients.ask_times(Question::Reserve, REQUESTS)?;
    clients.stop()?;
    server.verify_sold(target, REQUESTS as i64)?;
    let facts = peers::describe(target, &server.dir());
    let facts = facts.with_context(|| format!("{} does not say what it is", target.name()))?;
    server.stop(target)?;
    Ok(facts)
}
