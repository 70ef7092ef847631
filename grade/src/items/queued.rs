//! Two clients whose requests wait at the same time: who is answered first, and who hears what.

use crate::dialogue::client::Client;
use crate::dialogue::reading::{Answer, Outcome};
use crate::judge::course::{Asked, Course};
use crate::judge::hearing;
use crate::judge::scene::Scene;
use crate::judge::shows::{self, Show};
use crate::kernel::{quiet, stop};
use crate::verdict::item::Verdict;

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
    let (yes, no) = ("1".to_owned(), (show.seats + 1).to_string());
    ask(course, scene, &show, [&yes, &no], "fault-wrong-answer")
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
    ask(course, scene, &show, [&show.seats.to_string(), "1"], "fault-not-in-order")
}

/// A show with seats, all of which one client may ask for, and one more.
fn show(course: &Course<'_>, client: &mut Client<'_>) -> Asked<Option<Show>> {
    let max = course.question.dialogue.seats_max.unwrap_or(i64::MAX);
    let shows = shows::all(course, client)?;
    Ok(shows.into_iter().find(|show| show.seats >= 2 && show.seats < max))
}

/// Two clients ask while the server is frozen; the first must be told yes, the second no.
fn ask(
    course: &Course<'_>,
    scene: &Scene<'_>,
    show: &Show,
    seats: [&str; 2],
    fault: &str,
) -> Asked<()> {
    let (mut yes, mut no) = (scene.client("ada")?, scene.client("bob")?);
    yes.prepare_reserve(&show.name, seats[0]);
    no.prepare_reserve(&show.name, seats[1]);
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
