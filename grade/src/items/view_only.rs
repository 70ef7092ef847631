//! Does a mere view reserve nothing, and say so of nothing?

use crate::judge::course::{Asked, Course};
use crate::judge::hearing;
use crate::judge::scene::Scene;
use crate::judge::shows;
use crate::verdict::item::{Ruling, Verdict};
use crate::words::{number, text};

/// How often one client looks.
const VIEWS: usize = 3;

/// Looks at the table and at one show: nothing is confirmed, and the count stays.
pub(super) fn ask(course: &Course<'_>) -> Asked<Ruling> {
    let scene = Scene::start(course)?;
    let mut client = scene.client("ada")?;
    let show = shows::with_seats(course, &mut client, 1)?;
    for _ in 0..VIEWS {
        for turn in [client.list().turn, client.left(&show.name).turn] {
            let shown = turn.conversation();
            if let Some(found) = course.question.dialogue.done.find(&shown) {
                let values = [
                    ("typed", text(hearing::typed(&turn))),
                    ("found", text(ipctop::clean::clean(found.as_str()))),
                ];
                let fault = course.words.fault(Verdict::Fail, "fault-view-confirms", &values);
                return Err(Box::new(fault.with_lines(hearing::last_lines(&shown))));
            }
        }
    }
    let left = if course.question.one_program {
        hearing::left(course, &mut client, &show.name)?
    } else {
        client.leave();
        hearing::left(course, &mut scene.client("bob")?, &show.name)?
    };
    if left != show.seats {
        let values =
            [("show", text(show.name)), ("before", number(show.seats)), ("left", number(left))];
        return course.fail("fault-view-changes", &values);
    }
    Ok(Ruling::pass(vec![format!("show {}: {left} seats", show.name)]))
}
