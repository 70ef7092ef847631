//! What is demanded of the stage that has one thread for all connections; each bar stands where its
//! group was measured.

use crate::results::bar::{Bar, Measured};
use crate::results::beside::{Beside, Burden};
use crate::results::file::Results;
use crate::results::group::{Group, Question};
use crate::results::peer::Peer;
use crate::results::ratio::Figure;
use crate::results::row::{EVENT_LOOP, Row};
use crate::results::spread::Spread;
use crate::results::timing::Timing;

/// The same server, which logs each reservation.
const WITH_LOG: &str = "q9-events, log info";
/// Its plain server.
const PLAIN: &str = "q9-events, plain";
/// The stage with a thread for each connection.
const THREADS: &str = "q5-sockets";

/// All of them; none if the stage was not measured.
pub fn of(results: &Results) -> Vec<Bar> {
    if !results.servers.iter().any(|server| server.name == EVENT_LOOP) {
        return Vec::new();
    }
    [peers(results), crowd(results), beside(results), idle(results)].concat()
}

fn peers(results: &Results) -> Vec<Bar> {
    let redis = Row::Peer(Peer::Redis);
    let of = |connections, question, figure, name: &str| {
        let group = Group::Peers { connections };
        quotient(results, group, (question, figure), &server(name), &redis)
    };
    let (view, reserve) = (Question::View, Question::Reserve);
    let (rate, p99) = (Figure::PerSecond, Figure::P99);
    let mut bars = Vec::new();
    for (connections, reserves, views) in [(64, 1.3, 1.0), (512, 1.4, 0.9)] {
        let group = Group::Peers { connections };
        if !results.timings.iter().any(|timing| timing.group == group) {
            continue;
        }
        let demand = |what: &str| format!("{what} of {connections} connections / Redis");
        bars.extend([
            least(
                20,
                demand("durable RESERVE/s"),
                reserves,
                of(connections, reserve, rate, EVENT_LOOP),
            ),
            least(21, demand("VIEW/s"), views, of(connections, view, rate, EVENT_LOOP)),
            most(22, demand("durable RESERVE p99"), 1.0, of(connections, reserve, p99, EVENT_LOOP)),
        ]);
        if connections == 64 {
            let measured = of(connections, reserve, rate, WITH_LOG);
            bars.push(least(23, demand("durable RESERVE/s, log level info,"), 1.2, measured));
        }
    }
    bars
}

fn crowd(results: &Results) -> Vec<Bar> {
    let group = Group::Crowd { connections: 64 };
    if !results.timings.iter().any(|timing| timing.group == group) {
        return Vec::new();
    }
    let asked = (Question::Reserve, Figure::PerSecond);
    let to = |below: &str| quotient(results, group, asked, &server(EVENT_LOOP), &server(below));
    let demand = |below: &str| format!("durable RESERVE/s of 64 connections / {below}");
    vec![
        least(24, demand("q5"), 1.8, to(THREADS)),
        least(25, demand("its plain server"), 0.85, to(PLAIN)),
    ]
}

fn beside(results: &Results) -> Vec<Bar> {
    let find = |server: &str, burden| {
        results.beside.iter().find(|row| row.server == server && row.burden == burden)
    };
    let mut bars = Vec::new();
    if let Some(own) = find(EVENT_LOOP, Burden::Reservations) {
        let plain = find(PLAIN, Burden::Reservations);
        let demand = format!("VIEW p50 of 4 beside {} / plain", own.burden.name());
        let divide = |plain: &Beside| over_rounds(&own.p50_us, &plain.p50_us, 0);
        bars.push(most(26, demand, 0.3, plain.map(divide)));
    }
    for burden in [Burden::SlowReader, Burden::Silent, Burden::Flood] {
        if let Some(own) = find(EVENT_LOOP, burden) {
            let demand = format!("VIEW p99 of 4 beside {} / without", burden.name());
            bars.push(most(27, demand, 3.0, Some(measured(&own.p99_ratio, 0))));
        }
    }
    bars
}

fn idle(results: &Results) -> Vec<Bar> {
    let rows = results.connections.iter().filter(|row| row.server == EVENT_LOOP);
    let both = rows.map(|row| {
        let demand = format!("VIEW p99 beside {} idle connections / without", row.count);
        let each = Some(Measured::count(row.kib_each));
        [
            most(28, "KiB of each idle connection, both ends".to_owned(), 16.0, each),
            most(28, demand, 1.1, Some(measured(&row.p99_ratio, 0))),
        ]
    });
    both.flatten().collect()
}

fn server(name: &str) -> Row {
    Row::Server(name.to_owned())
}

/// A figure of one row divided by that of another, round by round; None if one was not measured.
fn quotient(
    results: &Results,
    group: Group,
    (question, figure): (Question, Figure),
    above: &Row,
    below: &Row,
) -> Option<Measured> {
    let find = |row: &Row| {
        let is_it = |timing: &&Timing| {
            (timing.group, timing.question) == (group, question) && timing.row == *row
        };
        results.timings.iter().find(is_it)
    };
    let (above, below) = (find(above)?, find(below)?);
    Some(over_rounds(figure.of(above), figure.of(below), above.dirty_rounds))
}

fn over_rounds(above: &Spread, below: &Spread, dirty_rounds: usize) -> Measured {
    measured(&above.over(below), dirty_rounds)
}

fn measured(spread: &Spread, dirty_rounds: usize) -> Measured {
    let figure = spread.median;
    Measured { figure, spread: Some((spread.min, spread.max)), dirty: dirty_rounds > 0 }
}

fn most(number: u32, demand: String, limit: f64, measured: Option<Measured>) -> Bar {
    Bar { number, stage: EVENT_LOOP.to_owned(), demand, measured, limit, at_least: false }
}

fn least(number: u32, demand: String, limit: f64, measured: Option<Measured>) -> Bar {
    Bar { at_least: true, ..most(number, demand, limit, measured) }
}
