//! Does it serve many clients, and sell no seat twice?

use crate::dialogue::client::Client;
use crate::dialogue::reading::{Answer, Outcome};
use crate::items::queued;
use crate::judge::course::{Asked, Course};
use crate::judge::hearing;
use crate::judge::scene::Scene;
use crate::judge::shows::{self, Show};
use crate::kernel::quiet;
use crate::verdict::item::{Ruling, Verdict};
use crate::words::{number, text};

/// Rounds of reservations; in the third one two clients are killed.
const ROUNDS: usize = 4;
/// More clients at once than the question asks for are not asked of it.
const CLIENTS_MAX: u32 = 8;

/// What was said to all clients together.
#[derive(Debug, Default)]
struct Tally {
    confirmed: i64,
    /// Asked for by clients that were killed before they could say what they heard.
    unknown: i64,
    refused: i64,
}

/// Clients that reserve at the same moment, more seats in all than there are.
pub(super) fn ask(course: &Course<'_>) -> Asked<Ruling> {
    let mut scene = Scene::start(course)?;
    sold(course, &scene).map_err(|lost| scene.with_its_end(lost))
}

fn sold(course: &Course<'_>, scene: &Scene<'_>) -> Asked<Ruling> {
    let mut first = scene.client("ada")?;
    let n_clients = course.question.clients.min(CLIENTS_MAX) as usize;
    let show = wanted(shows::all(course, &mut first)?, n_clients as i64);
    let Some(show) = show else { return course.fail("fault-few-seats", &[("needed", number(2))]) };
    if course.question.one_program {
        return alone(course, &mut first, &show);
    }
    first.leave();
    let tally = crowd(course, scene, &show, n_clients)?;
    let mut fresh = scene.client("zoe")?;
    let left = hearing::left(course, &mut fresh, &show.name)?;
    let line = check(course, &show, &tally, left)?;
    if n_clients > 1 {
        queued::each_hears_its_own(course, scene, &mut fresh)?;
    }
    if n_clients > 1 && course.question.fifo {
        queued::first_come_first_served(course, scene, &mut fresh)?;
    }
    Ok(Ruling::pass(vec![line]))
}

/// The show with the fewest seats that is enough for everybody's first reservation.
fn wanted(shows: Vec<Show>, n_clients: i64) -> Option<Show> {
    let enough = shows.iter().rfind(|show| show.seats >= 2 * n_clients).cloned();
    enough.or_else(|| shows.into_iter().next()).filter(|show| show.seats >= 2)
}

/// What each of many clients asks for at once, so that in some round, the last one if it can be,
/// there is enough for one of them and not for all.
fn contested(seats: i64, n_clients: i64) -> i64 {
    let round = |each: i64| seats / (n_clients * each);
    let is_contested = |each: &i64| {
        let left = seats % (n_clients * each);
        round(*each) < ROUNDS as i64 && left >= *each && left + each < n_clients * each
    };
    let each = (1..=seats / n_clients).filter(is_contested).max_by_key(|&each| round(each));
    each.unwrap_or_else(|| more_than_a_third(seats, n_clients))
}

/// What each client asks for at once, so that four rounds ask for more than there is.
fn more_than_a_third(seats: i64, n_clients: i64) -> i64 {
    (seats + 3 * n_clients - 1) / (3 * n_clients)
}

/// One program for one client: it sells what it has, and no more.
fn alone(course: &Course<'_>, client: &mut Client<'_>, show: &Show) -> Asked<Ruling> {
    let seats = more_than_a_third(show.seats, 1);
    let mut tally = Tally::default();
    for _ in 0..ROUNDS {
        let outcome = client.reserve(&show.name, &seats.to_string());
        count(course, &outcome, seats, &mut tally)?;
    }
    let left = hearing::left(course, client, &show.name)?;
    check(course, show, &tally, left).map(|line| Ruling::pass(vec![line]))
}

fn crowd(course: &Course<'_>, scene: &Scene<'_>, show: &Show, n: usize) -> Asked<Tally> {
    let mut seats = contested(show.seats, n as i64);
    if let Some(max) = course.question.dialogue.seats_max {
        seats = seats.min(max);
    }
    let mut tally = Tally::default();
    let mut clients: Vec<Client<'_>> = Vec::new();
    for round in 0..ROUNDS {
        while clients.len() < n {
            clients.push(scene.client(&format!("client{round}{}", clients.len()))?);
        }
        for client in &mut clients {
            hearing::prepare(course, client, &show.name, seats)?;
        }
        if round == 2 {
            // One dies between its request and the answer; of many, another one at its prompt.
            let mut dying = clients.remove(0);
            let frozen = scene.freeze(&[&dying])?;
            dying.send();
            quiet::wait(&[dying.pid()], course.patience);
            dying.kill();
            drop(frozen);
            tally.unknown += seats;
            if n > 2 {
                clients.remove(0).kill();
            }
        }
        for client in &mut clients {
            client.send();
        }
        for client in &mut clients {
            let outcome = client.outcome();
            count(course, &outcome, seats, &mut tally)?;
        }
    }
    Ok(tally)
}

fn count(course: &Course<'_>, outcome: &Outcome, seats: i64, tally: &mut Tally) -> Asked<()> {
    match outcome.answer {
        Answer::Refused => tally.refused += seats,
        _ => {
            hearing::must_be_done(course, outcome)?;
            tally.confirmed += seats;
        }
    }
    Ok(())
}

/// Whether the seats that are gone are those that were sold.
fn check(course: &Course<'_>, show: &Show, tally: &Tally, left: i64) -> Asked<String> {
    let gone = show.seats - left;
    let Tally { confirmed, unknown, refused } = *tally;
    let values = [
        ("show", text(show.name.as_str())),
        ("start", number(show.seats)),
        ("left", number(left)),
        ("gone", number(gone)),
        ("confirmed", number(confirmed)),
        ("unknown", number(unknown)),
    ];
    let fault = if confirmed > show.seats || left < 0 {
        Some("fault-oversold")
    } else if confirmed > gone {
        Some("fault-sold-not-counted")
    } else if gone > confirmed + unknown {
        Some("fault-counted-not-sold")
    } else if refused > 0 && left > 0 && confirmed == 0 {
        Some("fault-all-refused")
    } else {
        None
    };
    match fault {
        Some(fault) => Err(Box::new(course.words.fault(Verdict::Fail, fault, &values))),
        None => Ok(format!(
            "show {}: {} - {left} = {gone}; {confirmed} confirmed, {unknown} unknown",
            show.name, show.seats
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_seats_are_wanted_by_several_clients() {
        for seats in 17..300 {
            let each = contested(seats, 8);
            let rounds = seats / (8 * each);
            let left = seats - rounds * 8 * each;
            assert!(rounds < ROUNDS as i64 && each <= left && left < 8 * each, "{seats}: {each}");
        }
        assert_eq!(contested(8, 1), more_than_a_third(8, 1));
    }
}
