//! Killed with a request on its way, does the server start again among what the dead one left?

use crate::judge::course::{Asked, Course};
use crate::judge::hearing;
use crate::judge::scene::Scene;
use crate::judge::shows;
use crate::kernel::quiet;
use crate::verdict::item::{Ruling, Verdict};
use crate::words::{number, text};

/// Kills everybody while a request waits to be received; its objects stay. Then a server is started in
/// the same folder, and must serve.
pub(super) fn ask(course: &Course<'_>) -> Asked<Ruling> {
    let mut scene = Scene::start(course)?;
    let mut client = scene.client("ada")?;
    let show = shows::with_seats(course, &mut client, 4)?;
    let outcome = client.reserve(&show.name, "1");
    hearing::must_be_done(course, &outcome)?;
    if course.question.one_program {
        client.kill();
        scene.kill_server()?;
    } else {
        let mut late = scene.client("eve")?;
        late.prepare_reserve(&show.name, "1");
        let frozen = scene.freeze(&[&late])?;
        late.send();
        quiet::wait(&[late.pid()], course.patience);
        late.kill();
        // The first client lives until then: who closes a connection first keeps its port.
        scene.kill_server()?;
        drop(frozen);
        client.kill();
    }
    let stale = match course.surroundings.leftovers(&course.home) {
        Ok(stale) => stale,
        Err(error) => return course.cannot("look for what is left", &error),
    };
    match again(course, &mut scene) {
        Ok(line) => Ok(Ruling::pass(stale).with(line)),
        Err(mut lost) => {
            let values = [("stale", text(stale.join(", "))), ("cause", text(lost.cause))];
            lost.cause = course.words.say_with("fault-restart", &values);
            Err(lost)
        }
    }
}

/// Starts it, and has one client reserve, and another one look.
fn again(course: &Course<'_>, scene: &mut Scene<'_>) -> Asked<String> {
    if !course.question.one_program {
        scene.start_server()?;
    }
    let mut client = scene.client("bob")?;
    let show = shows::with_seats(course, &mut client, 1)?;
    let outcome = client.reserve(&show.name, "1");
    hearing::must_be_done(course, &outcome)?;
    let wanted = show.seats - 1;
    let left = if course.question.one_program {
        hearing::left(course, &mut client, &show.name)?
    } else {
        client.leave();
        hearing::left(course, &mut scene.client("zoe")?, &show.name)?
    };
    if left == wanted {
        return Ok(format!("show {}: {} seats, then {left}", show.name, show.seats));
    }
    let values = [
        ("show", text(show.name)),
        ("seats", number(1)),
        ("before", number(show.seats)),
        ("wanted", number(wanted)),
        ("left", number(left)),
    ];
    Err(Box::new(course.words.fault(Verdict::Fail, "fault-wrong-count", &values)))
}
