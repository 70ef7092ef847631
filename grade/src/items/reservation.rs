//! Does a reservation take exactly its seats, and can all be had?

use crate::dialogue::client::Client;
use crate::judge::course::{Asked, Course};
use crate::judge::hearing;
use crate::judge::scene::Scene;
use crate::judge::shows;
use crate::verdict::item::{Ruling, Verdict};
use crate::words::{number, text};

/// Seats of the first reservation.
const SEATS: i64 = 2;

/// Reserves two seats, then one; what is left is read by clients that have just started. Then
/// somebody reserves all that is left.
pub(super) fn ask(course: &Course<'_>) -> Asked<Ruling> {
    let scene = Scene::start(course)?;
    let mut client = scene.client("ada")?;
    let show = shows::with_seats(course, &mut client, SEATS + 1)?;
    reserve(course, &mut client, &show.name, SEATS)?;
    let mut after = show.seats - SEATS;
    // In a question of one program each client has a table of its own: its own one must know.
    if course.question.one_program {
        let left = hearing::left(course, &mut client, &show.name)?;
        check(course, &client, &show.name, SEATS, after, left)?;
    } else {
        client.leave();
        let mut second = scene.client("bob")?;
        let left = hearing::left(course, &mut second, &show.name)?;
        check(course, &second, &show.name, SEATS, after, left)?;
        reserve(course, &mut second, &show.name, 1)?;
        after -= 1;
        second.leave();
        let mut third = scene.client("eve")?;
        let left = hearing::left(course, &mut third, &show.name)?;
        check(course, &third, &show.name, 1, after, left)?;
        client = third;
    }
    let line = format!("show {}: {} seats, then {after}", show.name, show.seats);
    let evidence = hearing::last_lines(client.transcript());
    let max = course.question.dialogue.seats_max.unwrap_or(i64::MAX);
    reserve(course, &mut client, &show.name, after.min(max))?;
    Ok(Ruling::pass(evidence).with(line))
}

fn reserve(course: &Course<'_>, client: &mut Client<'_>, show: &str, seats: i64) -> Asked<()> {
    let outcome = client.reserve(show, &seats.to_string());
    hearing::must_be_done(course, &outcome)
}

fn check(
    course: &Course<'_>,
    client: &Client<'_>,
    show: &str,
    seats: i64,
    wanted: i64,
    left: i64,
) -> Asked<()> {
    if left == wanted {
        return Ok(());
    }
    let values = [
        ("show", text(show)),
        ("seats", number(seats)),
        ("before", number(wanted + seats)),
        ("wanted", number(wanted)),
        ("left", number(left)),
    ];
    let fault = course.words.fault(Verdict::Fail, "fault-wrong-count", &values);
    Err(Box::new(fault.with_lines(hearing::last_lines(client.transcript()))))
}
