//! Each server against the bare rows of its own rounds: quotients round by round, then their median.

use crate::bare::Bare;
use crate::plan::{self, CLIENTS, RATES};
use crate::results::server::Stage;
use crate::results::timing::{Question, Ratio, Spread, Timing};
use crate::subject::{Subject, group_commit};

/// A figure of a round.
type Figure = (&'static str, fn(&Timing) -> &Spread);
const P50: Figure = ("p50", |timing| &timing.p50_us);
const P99: Figure = ("p99", |timing| &timing.p99_us);
const PER_SECOND: Figure = ("per_second", |timing| &timing.per_second);

/// All ratios of all stages.
pub fn of(stages: &[Stage], timings: &[Timing]) -> Vec<Ratio> {
    stages.iter().flat_map(|stage| of_stage(stage, timings)).collect()
}

fn of_stage(stage: &Stage, timings: &[Timing]) -> Vec<Ratio> {
    let (view, list, reserve) = (Question::View, Question::List, Question::Reserve);
    let (bare, disk) = (stage.bare.as_str(), Subject::disk().name);
    let (epoll, std) = (Subject::bare(Bare::Epoll).name, Subject::bare(Bare::StdThread).name);
    let (commit, std_commit) = (group_commit(bare), group_commit(&std));
    let ratio = |what: &str, figure: Figure, question, against: &[(&str, Question)]| {
        let group = plan::name(&stage.name, what);
        quotients(timings, &group, (&stage.name, question), against, figure)
    };
    let mut ratios = vec![
        ratio("latency", P50, view, &[(bare, view)]),
        ratio("latency", P99, view, &[(bare, view)]),
        ratio("latency", P50, list, &[(bare, list)]),
        ratio("latency", P50, list, &[(&stage.name, view)]),
        ratio("latency, free", P50, view, &[(bare, view)]),
        ratio("process-durable, 1 client", P50, reserve, &[(bare, view)]),
        ratio("durable, 1 client", P50, reserve, &[(&disk, reserve), (bare, view)]),
        ratio("16 clients, free", PER_SECOND, view, &[(bare, view)]),
        ratio("16 clients, free", PER_SECOND, view, &[(&epoll, view)]),
        ratio("latency", P50, view, &[(&std, view)]),
    ];
    for clients in CLIENTS {
        let durable = format!("durable, {clients} clients");
        ratios.push(ratio(&format!("{clients} clients"), PER_SECOND, view, &[(bare, view)]));
        ratios.push(ratio(&durable, PER_SECOND, reserve, &[(&disk, reserve)]));
        ratios.push(ratio(&durable, PER_SECOND, reserve, &[(&commit, reserve)]));
        ratios.push(ratio(&durable, PER_SECOND, reserve, &[(&std_commit, reserve)]));
    }
    for rate in RATES {
        ratios.push(ratio(&format!("{rate}/s"), P50, view, &[(bare, view)]));
        ratios.push(ratio(&format!("{rate}/s"), P99, view, &[(bare, view)]));
    }
    ratios.into_iter().flatten().collect()
}

/// The quotients of one figure; None if this run has no such group or row.
fn quotients(
    timings: &[Timing],
    group: &str,
    (stage, question): (&str, Question),
    against: &[(&str, Question)],
    (name, figure): Figure,
) -> Option<Ratio> {
    let find = |subject: &str, question: Question| {
        let is_it = |timing: &&Timing| {
            timing.group == group && timing.subject == subject && timing.question == question
        };
        timings.iter().find(is_it)
    };
    let above = find(stage, question)?;
    let below: Vec<&Timing> = against
        .iter()
        .map(|&(subject, question)| find(subject, question))
        .collect::<Option<_>>()?;
    let sum = |round: usize| -> f64 { below.iter().map(|row| figure(row).rounds[round]).sum() };
    let rounds = figure(above).rounds.iter().enumerate();
    let names: Vec<&str> = against.iter().map(|&(subject, _)| subject).collect();
    Some(Ratio {
        group: group.to_owned(),
        stage: stage.to_owned(),
        against: if names == [stage] { "its own VIEW".to_owned() } else { names.join(" + ") },
        figure: name.to_owned(),
        question,
        ratio: Spread::of(rounds.map(|(round, value)| value / sum(round)).collect()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::timing::{Latency, Placement};

    fn timing(subject: &str, p50_us: &[f64]) -> Timing {
        Timing {
            group: "g".into(),
            subject: subject.into(),
            question: Question::View,
            durability: None,
            placement: Placement::OneCpu,
            clients: 1,
            rate: None,
            latency: Latency::default(),
            p50_us: Spread::of(p50_us.to_vec()),
            p99_us: Spread::default(),
            per_second: Spread::default(),
        }
    }

    #[test]
    fn a_ratio_is_made_round_by_round_and_against_a_sum() {
        let timings = [
            timing("s", &[6.0, 9.0, 40.0]),
            timing("a", &[1.0, 1.0, 10.0]),
            timing("b", &[1.0; 3]),
        ];
        let view = Question::View;
        let of = |against: &[(&str, Question)]| quotients(&timings, "g", ("s", view), against, P50);
        let alone = of(&[("a", view)]).unwrap().ratio;
        assert_eq!((alone.median, alone.min, alone.max), (6.0, 4.0, 9.0));
        assert_eq!(of(&[("a", view), ("b", view)]).unwrap().ratio.rounds[0], 3.0);
        assert!(of(&[("c", view)]).is_none());
    }
}
