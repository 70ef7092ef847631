//! Is the table kept when the server is killed?

use crate::judge::course::{Asked, Course};
use crate::judge::hearing;
use crate::judge::scene::Scene;
use crate::judge::shows;
use crate::verdict::item::Verdict;
use crate::words::{number, text};

/// Reserves, kills the server, starts it again in the same folder, and looks at its table.
///
/// # Errors
/// What the submission lost by.
pub(super) fn check(course: &Course<'_>) -> Asked<()> {
    let mut scene = Scene::start(course)?;
    let mut client = scene.client("ada")?;
    let show = shows::with_seats(course, &mut client, 1)?;
    let outcome = client.reserve(&show.name, "1");
    hearing::must_be_done(course, &outcome)?;
    // What is refused must not be in the file.
    client.reserve(&show.name, &show.seats.to_string());
    client.kill();
    scene.kill_server()?;
    scene.start_server()?;
    let mut client = scene.client("bob")?;
    let left = hearing::left(course, &mut client, &show.name)?;
    let wanted = show.seats - 1;
    if left == wanted {
        return Ok(());
    }
    let values = [
        ("show", text(show.name)),
        ("before", number(show.seats)),
        ("wanted", number(wanted)),
        ("left", number(left)),
    ];
    let fault = course.words.fault(Verdict::Fail, "fault-not-kept", &values);
    Err(Box::new(fault.with_lines(hearing::last_lines(client.transcript()))))
}
