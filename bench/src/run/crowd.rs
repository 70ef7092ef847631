//! What is measured where one client process holds many connections: the stages with sockets, the bare
//! loop, and what people would install instead.

use crate::baseline::uring;
use crate::clients::wire_of;
use crate::results::group::Question;
use crate::results::peer::Peer;
use crate::results::row::{Baseline, EVENT_LOOP, Exchange};
use crate::run::group::{Block, Trial};
use crate::target::{Kind, Target};

/// More connections are for servers that have no process for each: of PostgreSQL one puts a pooler
/// before it. SQLite's client is one process at any number.
const PROCESSES_MAX: usize = 64;

/// The bare loop, and each server with sockets; None if there is no such server.
pub fn block(connections: usize, targets: &[Target]) -> Option<Block> {
    let servers = servers(targets);
    if servers.is_empty() {
        return None;
    }
    let bare = |exchange| Target::baseline(Baseline::group_commit(exchange));
    let plain = servers.iter().find_map(plain);
    let by_ring = uring::is_there().then(|| bare(Exchange::IoUring));
    if by_ring.is_none() {
        eprintln!("bench: skipped: {} (not in this kernel)", bare(Exchange::IoUring).name());
    }
    let bare = [Some(bare(Exchange::Epoll)), by_ring].into_iter().flatten();
    let rows: Vec<Target> = bare.chain(plain).chain(servers).collect();
    let both = [Question::View, Question::Reserve];
    let trial = |target: &Target, question| Trial {
        target: target.clone(),
        question,
        clients: connections,
    };
    let trials = both.iter().flat_map(|&it| rows.iter().map(move |row| trial(row, it))).collect();
    Some(Block { exchange: Some(Exchange::Epoll), trials })
}

/// The servers with sockets beside those that are installed. A stage that takes all in one thread is
/// also measured as it logs if nobody says otherwise.
pub fn beside_peers(connections: usize, targets: &[Target], peers: &[Target]) -> Block {
    let servers = servers(targets);
    let are_few = connections <= PROCESSES_MAX;
    let peers = peers.iter().filter(|it| are_few || matches!(it.kind, Kind::Peer(Peer::Redis, _)));
    let peers: Vec<&Target> = peers.collect();
    let logs = servers.iter().find(|it| it.name() == EVENT_LOOP).map(|it| it.clone().at_info());
    let mut trials = Vec::new();
    for question in [Question::View, Question::Reserve] {
        let logs = logs.iter().filter(|_| question == Question::Reserve);
        for target in peers.iter().copied().chain(&servers).chain(logs) {
            // Its process is its only client.
            let alone = matches!(target.kind, Kind::Peer(Peer::Sqlite, _));
            let clients = if alone { 1 } else { connections };
            trials.push(Trial { target: target.clone(), question, clients });
        }
    }
    Block { exchange: None, trials }
}

/// Those that a client with many connections can ask.
fn servers(targets: &[Target]) -> Vec<Target> {
    let is_asked = |target: &&Target| {
        target.program().is_some_and(|program| program.syncs) && wire_of(target).is_some()
    };
    targets.iter().filter(is_asked).cloned().collect()
}

/// The plain server of the stage with one thread, if it was built.
pub fn plain(target: &Target) -> Option<Target> {
    let program = target.program()?;
    let stage = program.stage.filter(|stage| stage.package() == EVENT_LOOP)?;
    let plain = Target::plain(stage, &program.path);
    if plain.program().is_some_and(|program| program.path.is_file()) {
        return Some(plain);
    }
    eprintln!("bench: skipped: {} (its program was not built)", plain.name());
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use harness::stage::ALL;

    fn names(block: &Block, question: Question) -> Vec<String> {
        let trials = block.trials.iter().filter(|trial| trial.question == question);
        trials.map(|trial| trial.target.name()).collect()
    }

    #[test]
    fn a_crowd_asks_those_with_sockets_and_the_bare_loop() {
        let all = ALL.map(|stage| Target::stage(stage, stage.package().into()));
        let view = names(&block(64, &all).unwrap(), Question::View);
        assert_eq!(view[0], "bare TCP, epoll, group commit");
        assert!(view.contains(&"q5-sockets".to_owned()), "{view:?}");
        assert!(!view.iter().any(|name| name.starts_with("q4") || name.starts_with("q6")));
        let queues = Target::stage(ALL[1], "q2".into());
        assert!(block(64, &[queues]).is_none());
    }

    #[test]
    fn who_has_no_network_is_one_client() {
        let peers = [Target::peer(Peer::Redis, "r".into()), Target::peer(Peer::Sqlite, "s".into())];
        let block = beside_peers(64, &[], &peers);
        assert_eq!(names(&block, Question::Reserve), ["Redis", "SQLite, no network"]);
        assert_eq!(block.trials.iter().map(|it| it.clients).collect::<Vec<_>>(), [64, 1, 64, 1]);
        assert_eq!(names(&beside_peers(512, &[], &peers), Question::View), ["Redis"]);
    }
}
