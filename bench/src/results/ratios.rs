//! Each server against the baselines of its own rounds: quotients round by round, then their median.

use crate::results::counts::ServerCounts;
use crate::results::group::{CLIENTS, Durability, Group, Question, RATES};
use crate::results::ratio::{Against, Figure, Ratio};
use crate::results::row::Exchange;
use crate::results::spread::Spread;
use crate::results::timing::{Timing, beside, of_server};

/// A quotient to make.
type Wanted = (Group, Figure, Question, Against);

/// All ratios of all servers.
pub fn of(servers: &[ServerCounts], timings: &[Timing]) -> Vec<Ratio> {
    servers.iter().flat_map(|server| of_one(&server.name, server.exchange, timings)).collect()
}

fn of_one(server: &str, exchange: Exchange, timings: &[Timing]) -> Vec<Ratio> {
    let wanted = wanted();
    wanted.iter().filter_map(|wanted| quotients(timings, server, exchange, *wanted)).collect()
}

/// Those that a run has no rows for are left out later.
fn wanted() -> Vec<Wanted> {
    let (view, list, reserve) = (Question::View, Question::List, Question::Reserve);
    let process = Group::Reservations { clients: 1, durability: Durability::Process };
    let by_std = Against::BareBy(Exchange::StdThreadPerMessage);
    let by_epoll = Against::BareBy(Exchange::Epoll);
    let mut wanted = vec![
        (Group::LATENCY, Figure::P50, view, Against::Bare),
        (Group::LATENCY, Figure::P99, view, Against::Bare),
        (Group::LATENCY, Figure::P50, list, Against::Bare),
        (Group::LATENCY, Figure::P50, list, Against::OwnView),
        (Group::LATENCY, Figure::P50, view, by_std),
        (Group::free_views(1), Figure::P50, view, Against::Bare),
        (Group::free_views(16), Figure::PerSecond, view, Against::Bare),
        (Group::free_views(16), Figure::PerSecond, view, by_epoll),
        (process, Figure::P50, reserve, Against::Bare),
        (Group::durable(1), Figure::P50, reserve, Against::DiskAndBare),
    ];
    for clients in CLIENTS {
        let durable = Group::durable(clients);
        wanted.push((Group::views(clients), Figure::PerSecond, view, Against::Bare));
        wanted.push((durable, Figure::PerSecond, reserve, Against::GroupCommit));
        wanted.push((durable, Figure::PerSecond, reserve, Against::GroupCommitByStd));
        wanted.push((durable, Figure::PerSecond, reserve, Against::Disk));
    }
    for rate in RATES {
        wanted.push((Group::OpenLoop { rate }, Figure::P50, view, Against::Bare));
        wanted.push((Group::OpenLoop { rate }, Figure::P99, view, Against::Bare));
    }
    wanted
}

/// The quotients of one figure; None if this run has no such group or row.
fn quotients(
    timings: &[Timing],
    server: &str,
    exchange: Exchange,
    (group, figure, question, against): Wanted,
) -> Option<Ratio> {
    let above = of_server(timings, group, server, question)?;
    let below: Vec<&Timing> = against
        .rows(server, exchange, question)
        .iter()
        .map(|(row, question)| beside(timings, group, exchange, row, *question))
        .collect::<Option<_>>()?;
    let sum = |round: usize| -> f64 { below.iter().map(|row| figure.of(row).rounds[round]).sum() };
    let rounds = figure.of(above).rounds.iter().enumerate();
    Some(Ratio {
        group,
        server: server.to_owned(),
        exchange,
        against,
        figure,
        question,
        ratio: Spread::of(rounds.map(|(round, value)| value / sum(round)).collect()),
        dirty_rounds: above.dirty_rounds,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::row::{Baseline, Row};
    use crate::results::timing::Latency;

    fn timing(row: Row, question: Question, p50_us: &[f64]) -> Timing {
        Timing {
            group: Group::durable(1),
            exchange: Some(Exchange::FifoPair),
            row,
            question,
            clients: 1,
            latency: Latency::default(),
            p50_us: Spread::of(p50_us.to_vec()),
            p99_us: Spread::default(),
            per_second: Spread::default(),
            dirty_rounds: 1,
        }
    }

    #[test]
    fn a_ratio_is_made_round_by_round_and_against_a_sum() {
        let bare = Row::Baseline(Baseline::plain(Exchange::FifoPair));
        let timings = [
            timing(Row::Server("s".into()), Question::Reserve, &[6.0, 9.0, 40.0]),
            timing(bare, Question::View, &[1.0, 1.0, 10.0]),
            timing(Row::Disk, Question::Reserve, &[1.0; 3]),
        ];
        let of = |against| {
            let wanted = (Group::durable(1), Figure::P50, Question::Reserve, against);
            quotients(&timings, "s", Exchange::FifoPair, wanted)
        };
        let alone = of(Against::Bare).unwrap();
        assert_eq!((alone.ratio.median, alone.ratio.min, alone.ratio.max), (6.0, 4.0, 9.0));
        assert_eq!(alone.dirty_rounds, 1);
        assert_eq!(of(Against::DiskAndBare).unwrap().ratio.rounds[0], 3.0);
        assert!(of(Against::GroupCommit).is_none());
    }
}
