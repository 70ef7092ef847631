//! Does a second server, in another folder, leave the first one alone?

use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::judge::course::{Asked, Course};
use crate::judge::hearing;
use crate::judge::log::Log;
use crate::judge::scene::Scene;
use crate::judge::shows;
use crate::launch::process::Process;
use crate::launch::program::{Program, Streams};
use crate::readiness;
use crate::sandbox::tree::Tree;
use crate::verdict::item::{Ruling, Verdict};
use crate::words::{number, text};

/// Clients that ask the first server when the second is there: half of what both receive goes to each.
const CLIENTS: i64 = 4;

/// Starts a server, and another one from a copy of the files, as another student on the same machine
/// does. The second one may end; the first one must serve its clients as before.
pub(super) fn ask(course: &Course<'_>) -> Asked<Ruling> {
    if course.question.one_program {
        return course.cannot("start a second server", &"the question has none");
    }
    let scene = Scene::start(course)?;
    let mut client = scene.client("ada")?;
    let show = shows::with_seats(course, &mut client, CLIENTS + 1)?;
    let outcome = client.reserve(&show.name, "1");
    hearing::must_be_done(course, &outcome)?;
    client.leave();
    let (_folder, cwd) = match copy(course) {
        Ok(copied) => copied,
        Err(error) => return course.cannot("copy the built files", &error),
    };
    let (_second, lines) = match start(course, &cwd) {
        Ok(started) => started,
        Err(error) => return course.cannot("start a second server", &error),
    };
    for nth in 0..CLIENTS {
        let wanted = show.seats - 1 - nth;
        let left = match look_and_reserve(course, &scene, &show.name) {
            Ok(left) => left,
            Err(mut lost) => {
                let values = [("cause", text(lost.cause))];
                lost.cause = course.words.say_with("fault-second-server", &values);
                return Err(Box::new(lost.with_lines(lines)));
            }
        };
        if left != wanted {
            let values =
                [("show", text(show.name)), ("wanted", number(wanted)), ("left", number(left))];
            let fault = course.words.fault(Verdict::Fail, "fault-two-servers", &values);
            return Err(Box::new(fault.with_lines(lines)));
        }
    }
    Ok(Ruling::pass(lines))
}

/// What a fresh client sees before it reserves a seat.
fn look_and_reserve(course: &Course<'_>, scene: &Scene<'_>, show: &str) -> Asked<i64> {
    let mut client = scene.client("bob")?;
    let left = hearing::left(course, &mut client, show)?;
    let outcome = client.reserve(show, "1");
    hearing::must_be_done(course, &outcome)?;
    client.leave();
    Ok(left)
}

/// A folder with all that was built, and in it the one where programs run.
fn copy(course: &Course<'_>) -> io::Result<(TempDir, PathBuf)> {
    let folder = tempfile::tempdir_in(course.home.parent().unwrap_or(&course.home))?;
    for (of, tree) in course.built.get().into_iter().flatten() {
        if let Ok(place) = course.home.strip_prefix(of) {
            Tree::unpack(tree.bytes(), folder.path())?;
            let cwd = folder.path().join(place);
            return Ok((folder, cwd));
        }
    }
    Err(io::Error::other("nothing was built"))
}

/// Starts the second one, and waits until it has ended, or can be asked; and what came of it.
fn start(course: &Course<'_>, cwd: &Path) -> io::Result<(Process, Vec<String>)> {
    let argv = course.question.server.iter().map(Into::into).collect();
    let program = Program { argv, cwd: cwd.to_owned(), env: Vec::new() };
    let log = Log::new()?;
    let mut process = course.launcher.start(&program, Streams::Log(log.writer()?))?;
    let (ready, patience) = (&course.question.ready, course.patience);
    // One that never gets ready does no harm either.
    let _ = readiness::wait(&mut process, &program, &log.path(), ready, patience);
    let said = hearing::visible(&log.text());
    let mut lines: Vec<String> = said.iter().map(|line| format!("second server| {line}")).collect();
    let end = process.status()?;
    lines.push(
        end.map_or_else(|| "second server: -".to_owned(), |end| format!("second server: {end}")),
    );
    Ok((process, lines))
}
