//! What is measured beside what.

use std::time::Duration;

use harness::stage::Mechanism;

use crate::bare::Bare;
use crate::group::{Group, Turn};
use crate::results::timing::{Placement, Question};
use crate::run::Bench;
use crate::subject::Subject;

/// Clients of the throughput rows; one client is in the latency rows.
pub const CLIENTS: [usize; 3] = [4, 16, 64];
/// Requests per second of the open loops; the first is the low-rate row.
pub const RATES: [u32; 3] = [100, 1_000, 10_000];
/// The group of what needs no server.
pub const FLOORS: &str = "floors";

/// The name of a stage's group.
pub fn name(stage: &str, what: &str) -> String {
    format!("{stage}: {what}")
}

/// All groups, stage by stage.
pub fn groups(bench: &Bench, subjects: &[Subject]) -> Vec<Group> {
    let floors = Group {
        name: FLOORS.to_owned(),
        placement: Placement::OneCpu,
        durability: "power",
        turns: vec![
            turn(Subject::table(), Question::View, 1),
            turn(Subject::table(), Question::List, 1),
            turn(Subject::disk(), Question::Reserve, 1),
        ],
        segment: bench.segment,
    };
    let of_stage = |subject| of_stage(subject, bench.segment);
    subjects.iter().flat_map(of_stage).chain([floors]).collect()
}

fn turn(subject: Subject, question: Question, clients: usize) -> Turn {
    Turn { subject, question, clients, rate: None }
}

fn of_stage(stage: &Subject, segment: Duration) -> Vec<Group> {
    let Some(floor) = stage.floor() else { return Vec::new() };
    let bare = Subject::bare(floor);
    let group = |what: &str, placement, turns| Group {
        name: name(&stage.name, what),
        placement,
        durability: "power",
        turns,
        segment,
    };
    let both = |question, clients| {
        vec![turn(bare.clone(), question, clients), turn(stage.clone(), question, clients)]
    };
    let (view, list) = (Question::View, Question::List);
    let mut latency = [both(view, 1), both(list, 1)].concat();
    if floor == Bare::Thread {
        latency.insert(1, turn(Subject::bare(Bare::StdThread), view, 1));
    }
    let mut groups = vec![
        group("latency", Placement::OneCpu, latency),
        group("latency, free", Placement::Free, both(view, 1)),
        group(
            "durable, 1 client",
            Placement::OneCpu,
            vec![
                turn(Subject::disk(), Question::Reserve, 1),
                turn(bare.clone(), view, 1),
                turn(stage.clone(), Question::Reserve, 1),
            ],
        ),
    ];
    if stage.which().is_some() {
        let turns = vec![turn(bare.clone(), view, 1), turn(stage.clone(), Question::Reserve, 1)];
        let process = group("process-durable, 1 client", Placement::OneCpu, turns);
        groups.push(Group { durability: "process", ..process });
    }
    for clients in CLIENTS {
        let mut turns = vec![
            turn(Subject::disk(), Question::Reserve, 1),
            turn(Subject::bare(floor.durable()), Question::Reserve, clients),
            turn(stage.clone(), Question::Reserve, clients),
        ];
        if floor == Bare::Thread {
            let std = Subject::bare(Bare::StdThreadCommit);
            turns.insert(2, turn(std, Question::Reserve, clients));
        }
        groups.push(group(&format!("durable, {clients} clients"), Placement::OneCpu, turns));
        groups.push(group(&format!("{clients} clients"), Placement::OneCpu, both(view, clients)));
    }
    let mut free = both(view, 16);
    if stage.mechanism() == Some(Mechanism::Sockets) {
        free.insert(0, turn(Subject::bare(Bare::Epoll), view, 16));
    }
    groups.push(group("16 clients, free", Placement::Free, free));
    for rate in RATES {
        let mut turns = both(view, 1);
        turns.iter_mut().for_each(|turn| turn.rate = Some(rate));
        // A low rate needs a while to bring samples.
        let segment = if rate == RATES[0] { segment * 2 } else { segment };
        let group = group(&format!("{rate}/s"), Placement::OneCpu, turns);
        groups.push(Group { segment, ..group });
    }
    groups
}
