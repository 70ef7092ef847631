//! Does it refuse what cannot be reserved?

use crate::dialogue::client::Client;
use crate::dialogue::reading::Answer;
use crate::judge::course::{Asked, Course};
use crate::judge::hearing;
use crate::judge::scene::Scene;
use crate::judge::shows::{self, Show};
use crate::terminal::turn::Ending;
use crate::verdict::item::{Ruling, Verdict};
use crate::words::{number, text};

/// What is tried.
const ODD: [&str; 9] =
    ["too-many", "unknown", "zero", "negative", "huge", "letters", "format", "empty", "end"];
/// A text that printf(3) takes for a format in which it reads and writes wherever it may be.
const FORMAT: &str = "%s%s%s%s%s%s%s%s%n";

/// What is typed for one of the odd inputs.
enum Odd {
    /// A reservation of this show, with this number of seats.
    Reserve(String, String),
    /// The keys of a reservation up to here, and then these.
    Raw(String),
}

/// Each odd input, with a server and a client that have just started: it is not done, the count stays,
/// and another client is served.
pub(super) fn ask(course: &Course<'_>) -> Asked<Ruling> {
    let mut evidence = Vec::new();
    let mut n_timeouts = 0;
    let mut lost: Option<Box<Ruling>> = None;
    for name in ODD {
        match ask_one(course, name) {
            Ok(line) => evidence.push(line),
            Err(ruling) => {
                n_timeouts += usize::from(ruling.verdict == Verdict::Timeout);
                let input = course.words.say(&format!("odd-{name}"));
                let values = [("input", text(input)), ("cause", text(ruling.cause.clone()))];
                evidence.push(course.words.say_with("odd-lost", &values));
                lost.get_or_insert(ruling);
            }
        }
        // Each costs the whole budget, and says the same.
        if n_timeouts == 2 {
            break;
        }
    }
    match lost {
        None => Ok(Ruling::pass(evidence)),
        Some(ruling) => Err(Box::new(ruling.with_lines(evidence))),
    }
}

fn ask_one(course: &Course<'_>, name: &str) -> Asked<String> {
    let mut scene = Scene::start(course)?;
    let mut client = scene.client("ada")?;
    let show = shows::with_seats(course, &mut client, 1)?;
    let input = course.words.say(&format!("odd-{name}"));
    type_it(course, &mut scene, &mut client, &show, name)?;
    if course.question.one_program {
        return match name {
            "too-many" => unchanged(course, &mut client, &show, &input),
            // It may still ask for the same number.
            _ => Ok(input),
        };
    }
    still_there(course, &mut scene, &input)?;
    client.kill();
    let mut fresh = scene.client("bob")?;
    let line = unchanged(course, &mut fresh, &show, &input)?;
    // Another part of the server may take reservations.
    let outcome = fresh.reserve(&show.name, "1");
    if outcome.answer != Answer::Refused {
        hearing::must_be_done(course, &outcome)?;
    }
    Ok(line)
}

/// Types the odd input: it must not be done, and the client must come to rest.
fn type_it(
    course: &Course<'_>,
    scene: &mut Scene<'_>,
    client: &mut Client<'_>,
    show: &Show,
    name: &str,
) -> Asked<()> {
    let input = course.words.say(&format!("odd-{name}"));
    let ending = match odd(course, name, show) {
        Odd::Raw(keys) => {
            let ending = client.type_raw(&keys).ending;
            still_there(course, scene, &input)?;
            ending
        }
        Odd::Reserve(other, seats) => {
            let outcome = client.reserve(&other, &seats);
            if outcome.answer == Answer::NotAsked {
                // That the client itself refuses it is what its dialogue says; here it must.
                client.type_raw(&keys(course, &other, &seats));
            }
            still_there(course, scene, &input)?;
            if outcome.answer == Answer::Done {
                return lost(course, "fault-not-refused", &input, client);
            }
            let is_unsaid = name == "too-many" && outcome.answer == Answer::Neither;
            // The client itself refuses it.
            let Some(turn) = outcome.turn else { return Ok(()) };
            // All was typed: whoever is silent now waits for an answer that does not come.
            let is_silent = matches!(turn.ending, Ending::Budget(_));
            if is_silent || is_unsaid && !turn.ending.is_calm() {
                return bad_ending(course, &turn.ending, &input, client);
            }
            if is_unsaid {
                return lost(course, "fault-refusal-unsaid", &input, client);
            }
            turn.ending
        }
    };
    check_ending(course, &ending, &input, client)
}

/// Whether a client sees as many seats as there were before.
fn unchanged(
    course: &Course<'_>,
    client: &mut Client<'_>,
    show: &Show,
    input: &str,
) -> Asked<String> {
    let left = hearing::left(course, client, &show.name)?;
    if left == show.seats {
        let values = [("input", text(input)), ("left", number(left))];
        return Ok(course.words.say_with("seen-unchanged", &values));
    }
    let values = [("input", text(input)), ("before", number(show.seats)), ("left", number(left))];
    let fault = course.words.fault(Verdict::Fail, "fault-count-changed", &values);
    Err(Box::new(fault.with_lines(hearing::last_lines(client.transcript()))))
}

/// Whether the server lives on. Whoever it does not answer any more may notice that before.
fn still_there(course: &Course<'_>, scene: &mut Scene<'_>, input: &str) -> Asked<()> {
    let Some(status) = scene.server_end()? else { return Ok(()) };
    let values = [("input", text(input)), ("status", text(course.words.status(status)))];
    let verdict = if status.code().is_none() { Verdict::Crash } else { Verdict::Fail };
    let fault = course.words.fault(verdict, "fault-server-died-of", &values);
    Err(Box::new(fault.with_lines(scene.last_words())))
}

/// A client may end or ask on, and may wait for more; it must not flood, nor die of a signal.
fn check_ending(
    course: &Course<'_>,
    ending: &Ending,
    input: &str,
    client: &Client<'_>,
) -> Asked<()> {
    let is_good = match ending {
        Ending::Asks | Ending::Budget(_) => true,
        Ending::Exit(status) => status.code().is_some(),
        Ending::Flood | Ending::NotStarted(_) => false,
    };
    match is_good {
        true => Ok(()),
        false => bad_ending(course, ending, input, client),
    }
}

fn bad_ending(course: &Course<'_>, ending: &Ending, input: &str, client: &Client<'_>) -> Asked<()> {
    let doing = course.words.say_with("doing-odd", &[("input", text(input))]);
    Err(Box::new(hearing::bad_ending_while(course, doing, ending, client.transcript())))
}

fn lost<T>(course: &Course<'_>, fault: &str, input: &str, client: &Client<'_>) -> Asked<T> {
    let fault = course.words.fault(Verdict::Fail, fault, &[("input", text(input))]);
    Err(Box::new(fault.with_lines(hearing::last_lines(client.transcript()))))
}

fn odd(course: &Course<'_>, name: &str, show: &Show) -> Odd {
    let reserve = |seats: &str| Odd::Reserve(show.name.clone(), seats.to_owned());
    let keys = &course.question.dialogue.reserve;
    let before_seats = keys.split("{seats}").next().unwrap_or_default();
    let before_seats = before_seats.replace("{show}", &show.name);
    match name {
        "too-many" => reserve(&(show.seats + 1).to_string()),
        "unknown" => Odd::Reserve(unknown(&show.name), "1".to_owned()),
        "zero" => reserve("0"),
        "negative" => reserve("-1"),
        "huge" => reserve("2147483648"),
        "letters" => reserve("abc"),
        "format" => reserve(FORMAT),
        // An empty line may simply be waited over, as scanf(3) does.
        "empty" => Odd::Raw(before_seats + "\n"),
        _ => Odd::Raw(before_seats + "\u{4}"),
    }
}

/// What is typed for a reservation.
fn keys(course: &Course<'_>, show: &str, seats: &str) -> String {
    course.question.dialogue.reserve.replace("{show}", show).replace("{seats}", seats)
}

/// A show that is not there, spelt as the others are.
pub(super) fn unknown(show: &str) -> String {
    match show.parse::<i64>() {
        Ok(_) => "9999".to_owned(),
        Err(_) => "Nowhere".to_owned(),
    }
}
