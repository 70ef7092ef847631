//! What is measured beside what.

use crate::context::Context;
use crate::results::group::{
    Affinity, BESIDE_PEERS, CLIENTS, CROWD, Durability, Group, Question, RATES,
};
use crate::results::row::{Baseline, COMPARED, Exchange};
use crate::run::crowd;
use crate::run::group::{Block, Plan, Trial};
use crate::target::Target;

/// Where so many clients share a sync, the disk's moods need twice the rounds.
const RESTLESS_CLIENTS: usize = 64;
/// Clients that ask wherever the scheduler puts them.
const FREE_CLIENTS: usize = 16;

/// All groups that were asked for by a part of their name.
pub fn plans(
    context: &Context,
    targets: &[Target],
    peers: &[Target],
    wanted: &[String],
) -> Vec<Plan> {
    let wanted = groups().into_iter().filter(|group| group.is_wanted(wanted));
    let plans = wanted.map(|group| plan(context, group, targets, peers));
    plans.filter(|plan| !plan.blocks.is_empty()).collect()
}

fn groups() -> Vec<Group> {
    let mut groups = vec![
        Group::LATENCY,
        Group::free_views(1),
        Group::durable(1),
        Group::Reservations { clients: 1, durability: Durability::Process },
    ];
    for clients in CLIENTS {
        groups.extend([Group::durable(clients), Group::views(clients)]);
    }
    groups.push(Group::free_views(FREE_CLIENTS));
    groups.extend(RATES.map(|rate| Group::OpenLoop { rate }));
    groups.push(Group::References);
    groups.extend(CROWD.map(|connections| Group::Crowd { connections }));
    groups.extend(BESIDE_PEERS.map(|connections| Group::Peers { connections }));
    groups
}

fn plan(context: &Context, group: Group, targets: &[Target], peers: &[Target]) -> Plan {
    let blocks = match group {
        Group::References => vec![references()],
        Group::Crowd { connections } => crowd::block(connections, targets).into_iter().collect(),
        Group::Peers { connections } => vec![crowd::beside_peers(connections, targets, peers)],
        _ => COMPARED.into_iter().filter_map(|it| block(group, it, targets)).collect(),
    };
    let (rounds, segment) = match group {
        Group::Reservations { clients: RESTLESS_CLIENTS, .. } => {
            (2 * context.rounds, context.segment)
        }
        // Where thousands take turns, each should have several.
        Group::Crowd { connections: 4096 } => (2 * context.rounds, 2 * context.segment),
        Group::Crowd { .. } | Group::Peers { .. } => (2 * context.rounds, context.segment),
        // A low rate needs a while to bring samples.
        Group::OpenLoop { rate } if rate == RATES[0] => (context.rounds, 2 * context.segment),
        _ => (context.rounds, context.segment),
    };
    Plan { group, rounds, segment, blocks }
}

/// What needs no server.
fn references() -> Block {
    let trials = vec![
        trial(&Target::in_process(), Question::View, 1),
        trial(&Target::in_process(), Question::List, 1),
        trial(&Target::disk(), Question::Reserve, 1),
    ];
    Block { exchange: None, trials }
}

/// A bare exchange and the servers that are compared with it; None if no server is.
fn block(group: Group, exchange: Exchange, targets: &[Target]) -> Option<Block> {
    let is_measured = |target: &&Target| {
        let Some(program) = target.program() else { return false };
        let fits = match group.durability() {
            // Only of our own servers it is known how to ask for less.
            Durability::Process => program.stage.is_some(),
            Durability::Power => program.syncs || !matches!(group, Group::Reservations { .. }),
        };
        fits && target.exchange() == Some(exchange)
    };
    let servers: Vec<&Target> = targets.iter().filter(is_measured).collect();
    if servers.is_empty() {
        return None;
    }
    let bare = Target::baseline(Baseline::plain(exchange));
    let all = |question, clients| {
        let servers = servers.iter().map(move |server| trial(server, question, clients));
        servers.collect::<Vec<_>>()
    };
    let (view, list, reserve) = (Question::View, Question::List, Question::Reserve);
    let mut trials = match group {
        Group::LATENCY => {
            let mut trials = vec![trial(&bare, view, 1)];
            trials.extend(all(view, 1));
            trials.push(trial(&bare, list, 1));
            trials.extend(all(list, 1));
            trials
        }
        Group::Views { clients, .. } => {
            [vec![trial(&bare, view, clients)], all(view, clients)].concat()
        }
        Group::OpenLoop { .. } => [vec![trial(&bare, view, 1)], all(view, 1)].concat(),
        Group::Reservations { clients: 1, durability } => {
            let mut trials = vec![trial(&bare, view, 1)];
            if durability == Durability::Power {
                trials.insert(0, trial(&Target::disk(), reserve, 1));
            }
            trials.extend(all(reserve, 1));
            trials
        }
        Group::Reservations { clients, .. } => {
            let commit = Target::baseline(Baseline::group_commit(exchange));
            let disk = trial(&Target::disk(), reserve, 1);
            [vec![disk, trial(&commit, reserve, clients)], all(reserve, clients)].concat()
        }
        Group::References | Group::Crowd { .. } | Group::Peers { .. } => Vec::new(),
    };
    trials.extend(variants(group, exchange));
    Some(Block { exchange: Some(exchange), trials })
}

/// The same exchange with another kind of server behind it.
fn variants(group: Group, exchange: Exchange) -> Option<Trial> {
    let std = Exchange::StdThreadPerMessage;
    let one =
        |baseline, question, clients| Some(trial(&Target::baseline(baseline), question, clients));
    match (exchange, group) {
        (Exchange::ThreadPerMessage, Group::LATENCY) => {
            one(Baseline::plain(std), Question::View, 1)
        }
        (Exchange::ThreadPerMessage, Group::Reservations { clients, .. }) if clients > 1 => {
            one(Baseline::group_commit(std), Question::Reserve, clients)
        }
        (
            Exchange::ThreadPerConnection,
            Group::Views { clients: clients @ FREE_CLIENTS, affinity: Affinity::Free },
        ) => one(Baseline::plain(Exchange::Epoll), Question::View, clients),
        _ => None,
    }
}

fn trial(target: &Target, question: Question, clients: usize) -> Trial {
    Trial { target: target.clone(), question, clients }
}

#[cfg(test)]
mod tests {
    use super::*;
    use harness::stage::ALL;

    fn targets() -> Vec<Target> {
        ALL.into_iter().map(|stage| Target::stage(stage, stage.package().into())).collect()
    }

    #[test]
    fn a_round_goes_across_all_stages_and_each_stands_beside_its_baseline() {
        let blocks: Vec<Block> = COMPARED
            .into_iter()
            .filter_map(|exchange| block(Group::durable(64), exchange, &targets()))
            .collect();
        let names = |block: &Block| {
            block.trials.iter().map(|trial| trial.target.name()).collect::<Vec<_>>()
        };
        let compared = |exchange: &Exchange| {
            targets().iter().any(|target| target.exchange() == Some(*exchange))
        };
        assert_eq!(blocks.len(), COMPARED.iter().filter(|it| compared(it)).count());
        assert_eq!(
            names(&blocks[1]),
            ["bare write+fdatasync", "bare two queues, group commit", "q2-msgqueue", "q3-threads"]
        );
        assert_eq!(blocks[2].trials.last().unwrap().target.name(), "bare std thread, group commit");
    }

    #[test]
    fn who_was_not_seen_to_sync_has_no_durable_row() {
        let mut foreign = Target::foreign("s".into(), crate::results::row::Protocol::Pipes);
        let has_block = |foreign: &Target, group| {
            block(group, Exchange::FifoPair, std::slice::from_ref(foreign)).is_some()
        };
        assert!(has_block(&foreign, Group::durable(1)) && has_block(&foreign, Group::LATENCY));
        if let crate::target::Kind::Server(program) = &mut foreign.kind {
            program.syncs = false;
        }
        assert!(!has_block(&foreign, Group::durable(1)) && has_block(&foreign, Group::LATENCY));
    }
}
