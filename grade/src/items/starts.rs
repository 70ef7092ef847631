//! Does it start, and wait for requests?

use crate::judge::course::{Asked, Course};
use crate::judge::scene::Scene;
use crate::verdict::item::Ruling;

/// Starts the server, or the one program, and waits until it can be asked.
pub(super) fn ask(course: &Course<'_>) -> Asked<Ruling> {
    let scene = Scene::start(course)?;
    if course.question.one_program {
        let client = scene.client("ada")?;
        return Ok(Ruling::pass(crate::judge::hearing::last_lines(client.transcript())));
    }
    Ok(Ruling::pass(scene.last_words()))
}
