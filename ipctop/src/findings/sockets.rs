//! Connections that stand still: nobody reads, nobody closes, nobody is there.

use crate::findings::facts::{Facts, STILL_MS};
use crate::model::finding::Finding;
use crate::model::object::Socket;
use crate::model::process::Action;

/// A write that nobody reads, a peer that is gone, a listener that does not accept.
pub(super) fn find(facts: &Facts<'_>) -> Vec<Finding> {
    let still = facts.look.sockets.iter().filter(|socket| socket.still_ms >= STILL_MS);
    let rules = [unsent, half_open, peer_closed, backlog];
    still.filter_map(|socket| rules.iter().find_map(|rule| rule(facts, socket))).collect()
}

fn new(kind: &str, facts: &Facts<'_>, socket: &Socket) -> Finding {
    let owner = socket.owners.first().copied().unwrap_or_default();
    let found = Finding::new(kind).of(owner).on(&socket.id()).text("object", socket.name());
    found.text("process", facts.label(owner)).text("does", facts.doing(owner)).number("pid", owner)
}

fn owner_may_act(facts: &Facts<'_>, socket: &Socket) -> bool {
    socket.owners.iter().any(|&owner| facts.may_act(owner))
}

fn unsent(facts: &Facts<'_>, socket: &Socket) -> Option<Finding> {
    let is_connected = matches!(socket.state.as_str(), "established" | "close-wait" | "fin-wait-1");
    if !is_connected || socket.send_queue == 0 {
        return None;
    }
    // Unread bytes at a peer that runs are only on their way; a full socket is another matter.
    let waits = facts.waiting_for(&socket.id(), Action::Send).next().is_some();
    let may_read = socket.family != "tcp" || socket.peers.iter().any(|&peer| facts.may_act(peer));
    if !waits && may_read {
        return None;
    }
    let found = new("socket-unread", facts, socket).number("bytes", socket.send_queue);
    Some(match socket.peers.first() {
        Some(&peer) => {
            let does = format!("{} {}", facts.label(peer), facts.doing(peer));
            found.of(peer).text("peer", does)
        }
        None => found.text("peer", socket.remote.clone()),
    })
}

fn half_open(facts: &Facts<'_>, socket: &Socket) -> Option<Finding> {
    socket.peer_is_gone.then(|| new("socket-half-open", facts, socket))
}

fn peer_closed(facts: &Facts<'_>, socket: &Socket) -> Option<Finding> {
    let is_closed = socket.state == "close-wait" && !owner_may_act(facts, socket);
    is_closed.then(|| new("socket-peer-closed", facts, socket))
}

/// A listener's queues are the connections that wait, and how many may.
fn backlog(facts: &Facts<'_>, socket: &Socket) -> Option<Finding> {
    let waiting = socket.receive_queue;
    if socket.state != "listen" || waiting == 0 || owner_may_act(facts, socket) {
        return None;
    }
    let kind = if waiting >= socket.send_queue { "backlog-full" } else { "backlog-waiting" };
    let found = new(kind, facts, socket).number("count", waiting);
    Some(found.number("max", socket.send_queue))
}
