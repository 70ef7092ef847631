//! Two clients whose requests wait at the same time: who is answered first, and who hears what.

use crate::dialogue::client::Client;
use crate::dialogue::reading::{Answer, Outcome};
use crate::items::refusals;
use crate::judge::course::{Asked, Course};
use crate::judge::hearing;
use crate::judge::scene::Scene;
use crate::judge::shows::{self, Show};
use crate::kernel::{quiet, stop};
use crate::verdict::item::Verdict;

/// Sales of a show that has more seats than one client may ask for.
const SALES: usize = 200;

/// The first one asks for what there is, the second for too many; then the first one's receive is put
/// behind the other's. Each must hear its own answer.
///
/// # Errors
/// What the submission lost by.
pub(super) fn each_hears_its_own(
    course: &Course<'_>,
    scene: &Scene<'_>,
    fresh: &mut Client<'_>,
) -> Asked<()> {
    let Some(show) = show(course, fresh)? else { return Ok(()) };
    let max = course.question.dialogue.seats_max.unwrap_or(i64::MAX);
    let (too_many, unknown) = ((show.seats + 1).to_string(), refusals::unknown(&show.name));
    // What the client itself refuses nobody else can.
    let no = if show.seats < max { [show.name.as_str(), &too_many] } else { [&unknown, "1"] };
    ask(course, scene, [[&show.name, "1"], no], "fault-wrong-answer")
}

/// The first one asks for all seats, the second for one: as they come they are served.
///
/// # Errors
/// What the submission lost by.
pub(super) fn first_come_first_served(
    course: &Course<'_>,
    scene: &Scene<'_>,
    fresh: &mut Client<'_>,
) -> Asked<()> {
    let Some(show) = show(course, fresh)? else { return Ok(()) };
    let all = show.seats.to_string();
    ask(course, scene, [[&show.name, &all], [&show.name, "1"]], "fault-not-in-order")
}

/// A show with seats, all of which one client may ask for. If there is none, one is sold down to that.
fn show(course: &Course<'_>, client: &mut Client<'_>) -> Asked<Option<Show>> {
    let max = course.question.dialogue.seats_max.unwrap_or(i64::MAX);
    let shows = shows::all(course, client)?;
    let fitting = shows.iter().find(|show| show.seats >= 2 && show.seats <= max);
    let fewest = shows.iter().rfind(|show| show.seats >= 2 && max >= 2);
    let Some(mut show) = fitting.or(fewest).cloned() else { return Ok(None) };
    for _ in 0..SALES {
        if show.seats <= max {
            return Ok(Some(show));
        }
        let seats = max.min(show.seats - 2);
        hearing::must_be_done(course, &client.reserve(&show.name, &seats.to_string()))?;
        show.seats -= seats;
    }
    Ok(None)
}

/// Two clients ask while the server is frozen; the first must be told yes, the second no.
fn ask(course: &Course<'_>, scene: &Scene<'_>, requests: [[&str; 2]; 2], fault: &str) -> Asked<()> {
    let (mut yes, mut no) = (scene.client("ada")?, scene.client("bob")?);
    for (client, [show, seats]) in [&mut yes, &mut no].into_iter().zip(requests) {
        client.prepare_reserve(show, seats);
    }
    let frozen = scene.freeze(&[&yes, &no])?;
    yes.send();
    quiet::wait(&[yes.pid()], course.patience);
    no.send();
    quiet::wait(&[yes.pid(), no.pid()], course.patience);
    // A SIGCONT that comes before it has stopped would only take the SIGSTOP back.
    if let Err(error) = stop::stop(yes.pid()).and_then(|()| stop::go_on(yes.pid()))
        && error.raw_os_error() != Some(libc::ESRCH)
    {
        return course.cannot("stop a client", &error);
    }
    quiet::wait(&[yes.pid(), no.pid()], course.patience);
    drop(frozen);
    let heard = [yes.outcome(), no.outcome()];
    if heard[0].answer == Answer::Refused || heard[1].answer == Answer::Done {
        let turns = heard.iter().filter_map(|outcome| outcome.turn.as_ref());
        let lines = turns.flat_map(|turn| hearing::last_lines(&turn.conversation())).collect();
        let fault = course.words.fault(Verdict::Fail, fault, &[]);
        return Err(Box::new(fault.with_lines(lines)));
    }
    hearing::must_be_done(course, &heard[0])?;
    calm(course, &heard[1])
}

fn calm(course: &Course<'_>, outcome: &Outcome) -> Asked<()> {
    match outcome.turn.as_ref().filter(|turn| !turn.ending.is_calm()) {
        Some(turn) => {
            let shown = turn.conversation();
            Err(Box::new(hearing::bad_ending(course, "reserve", &turn.ending, &shown)))
        }
        None => Ok(()),
    }
}
