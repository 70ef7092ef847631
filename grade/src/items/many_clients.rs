//! Does it serve many clients, and sell no seat twice?

use crate::dialogue::client::Client;
use crate::dialogue::reading::{Answer, Outcome};
use crate::judge::course::{Asked, Course};
use crate::judge::hearing;
use crate::judge::scene::Scene;
use crate::judge::shows::{self, Show};
use crate::kernel::{quiet, stop};
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
    let scene = Scene::start(course)?;
    let mut first = scene.client("ada")?;
    let n_clients = course.question.clients.min(CLIENTS_MAX) as usize;
    let show = wanted(shows::all(course, &mut first)?, n_clients as i64);
    let Some(show) = show else { return course.fail("fault-few-seats", &[("needed", number(2))]) };
    if course.question.one_program {
        return alone(course, &mut first, &show);
    }
    first.leave();
    let tally = crowd(course, &scene, &show, n_clients)?;
    let mut fresh = scene.client("zoe")?;
    let left = hearing::left(course, &mut fresh, &show.name)?;
    let line = check(course, &show, &tally, left)?;
    if n_clients > 1 {
        each_hears_its_own(course, &scene, fresh)?;
    }
    Ok(Ruling::pass(vec![line]))
}

/// The show with the fewest seats that is enough for everybody's first reservation.
fn wanted(shows: Vec<Show>, n_clients: i64) -> Option<Show> {
    let enough = shows.iter().rfind(|show| show.seats >= 2 * n_clients).cloned();
    enough.or_else(|| shows.into_iter().next()).filter(|show| show.seats >= 2)
}

/// One program for one client: it sells what it has, and no more.
fn alone(course: &Course<'_>, client: &mut Client<'_>, show: &Show) -> Asked<Ruling> {
    let seats = (show.seats / 3).max(1);
    let mut tally = Tally::default();
    for _ in 0..ROUNDS {
        let outcome = client.reserve(&show.name, &seats.to_string());
        count(course, &outcome, seats, &mut tally)?;
    }
    let left = hearing::left(course, client, &show.name)?;
    check(course, show, &tally, left).map(|line| Ruling::pass(vec![line]))
}

fn crowd(course: &Course<'_>, scene: &Scene<'_>, show: &Show, n: usize) -> Asked<Tally> {
    let mut seats = (show.seats / (3 * n as i64)).max(1);
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
            client.prepare_reserve(&show.name, &seats.to_string());
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

/// Two clients wait for their answers at once, the second for a refusal; the first one's receive has
/// been put behind the other's.
fn each_hears_its_own(course: &Course<'_>, scene: &Scene<'_>, mut fresh: Client<'_>) -> Asked<()> {
    let shows = shows::all(course, &mut fresh)?;
    let max = course.question.dialogue.seats_max.unwrap_or(i64::MAX);
    // There must be a show with seats, and a number that is refused.
    let Some(show) = shows.into_iter().find(|show| show.seats >= 2 && show.seats < max) else {
        return Ok(());
    };
    fresh.leave();
    let (mut yes, mut no) = (scene.client("ada")?, scene.client("bob")?);
    yes.prepare_reserve(&show.name, "1");
    no.prepare_reserve(&show.name, &(show.seats + 1).to_string());
    let frozen = scene.freeze(&[&yes, &no])?;
    yes.send();
    quiet::wait(&[yes.pid()], course.patience);
    no.send();
    quiet::wait(&[yes.pid(), no.pid()], course.patience);
    // A SIGCONT that comes before it has stopped would only take the SIGSTOP back.
    if let Err(error) = stop::stop(yes.pid()).and_then(|()| stop::go_on(yes.pid())) {
        return course.cannot("stop a client", &error);
    }
    quiet::wait(&[yes.pid(), no.pid()], course.patience);
    drop(frozen);
    let (heard_yes, heard_no) = (yes.outcome(), no.outcome());
    if heard_yes.answer == Answer::Refused || heard_no.answer == Answer::Done {
        let lines = [yes.transcript(), no.transcript()].map(hearing::last_lines).concat();
        let fault = course.words.fault(Verdict::Fail, "fault-wrong-answer", &[]);
        return Err(Box::new(fault.with_lines(lines)));
    }
    hearing::must_be_done(course, &heard_yes)?;
    match heard_no.turn.filter(|turn| !turn.ending.is_calm()) {
        Some(turn) => {
            let shown = no.transcript();
            Err(Box::new(hearing::bad_ending(course, "reserve", &turn.ending, shown)))
        }
        None => Ok(()),
    }
}
