//! Does it leave nothing behind when it is ended?

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::judge::course::{Asked, Course};
use crate::judge::hearing;
use crate::judge::scene::Scene;
use crate::judge::shows;
use crate::verdict::item::{Ruling, Verdict};
use crate::words::{number, text};

/// How long a server may take to end.
const END_MAX: Duration = Duration::from_secs(2);
/// How often it is looked at whether it has ended.
const PAUSE: Duration = Duration::from_millis(2);

/// Ends the server by Ctrl-C, and by SIGTERM, after it has served somebody.
pub(super) fn ask(course: &Course<'_>) -> Asked<Ruling> {
    if course.question.one_program {
        let scene = Scene::start(course)?;
        let client = scene.client("ada")?;
        client.quit();
        return nothing_left(course, "quit").map(|line| Ruling::pass(vec![line]));
    }
    let mut evidence = Vec::new();
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        evidence.push(end_by(course, signal)?);
    }
    Ok(Ruling::pass(evidence))
}

fn end_by(course: &Course<'_>, signal: Signal) -> Asked<String> {
    let mut scene = Scene::start(course)?;
    let mut client = scene.client("ada")?;
    let show = shows::with_seats(course, &mut client, 1)?;
    let outcome = client.reserve(&show.name, "1");
    hearing::must_be_done(course, &outcome)?;
    client.leave();
    if scene.server.is_none() {
        return nothing_left(course, "quit");
    }
    let signal = scene.ask_to_end(signal)?;
    let (begin, budget) = (Instant::now(), course.patience.scale(END_MAX));
    while scene.server_end()?.is_none() {
        if begin.elapsed() >= budget {
            let values =
                [("signal", text(signal.as_str())), ("budget", number(budget.as_millis() as i64))];
            let mut fault = course.words.fault(Verdict::Timeout, "fault-no-end", &values);
            fault.budget_ms = Some(budget.as_millis() as u64);
            return Err(Box::new(fault.with_lines(scene.last_words())));
        }
        std::thread::sleep(PAUSE);
    }
    nothing_left(course, signal.as_str())
}

fn nothing_left(course: &Course<'_>, signal: &str) -> Asked<String> {
    // Processes that were told at the same moment may take a little longer.
    let (begin, budget) = (Instant::now(), course.patience.scale(END_MAX / 4));
    loop {
        let left = match course.surroundings.leftovers(&course.home) {
            Ok(left) => left,
            Err(error) => return course.cannot("look for what is left", &error),
        };
        if left.is_empty() {
            return Ok(format!("{signal}: -"));
        }
        if begin.elapsed() >= budget {
            let left: Vec<String> = left.iter().map(|thing| in_words(course, thing)).collect();
            let values = [("signal", text(signal)), ("left", text(left.join(", ")))];
            let fault = course.words.fault(Verdict::Fail, "fault-left-behind", &values);
            return Err(Box::new(fault.with_lines(left)));
        }
        std::thread::sleep(PAUSE);
    }
}

/// Something that is left, such as `msg 5 (key 0x4d2)`, with the name of its kind in words.
fn in_words(course: &Course<'_>, thing: &str) -> String {
    let Some((kind, rest)) = thing.split_once(' ') else { return thing.to_owned() };
    match ["msg", "shm", "sem", "process", "zombie"].contains(&kind) {
        true => format!("{} {rest}", course.words.say(&format!("object-{kind}"))),
        false => thing.to_owned(),
    }
}
