//! Does it survive clients that die or do not listen?

use nix::sys::signal::Signal;

use crate::dialogue::client::Client;
use crate::dialogue::reading::Answer;
use crate::items::restart;
use crate::items::upkeep::{self, Kept};
use crate::judge::course::{Asked, Course};
use crate::judge::hearing;
use crate::judge::scene::Scene;
use crate::judge::shows::{self, Show};
use crate::kernel::quiet;
use crate::verdict::item::{Ruling, Verdict};
use crate::words::{number, text};

/// Clients that are killed, at their prompt, in the middle of a question, and before the answer.
const KILLED: usize = 50;
/// Answers that nobody reads.
const UNREAD: usize = 40;
/// The last ones of these, over which nothing may grow. Those before make the stacks and heaps that
/// the C library keeps for the next threads.
const MEASURED: usize = 24;
/// Requests of one client: students' arrays have room for fewer.
const REQUESTS: usize = 64;
/// More clients at once than the question asks for are not asked of it.
const CLIENTS_MAX: u32 = 8;

/// Kills and stops clients; then somebody else is served.
pub(super) fn ask(course: &Course<'_>) -> Asked<Ruling> {
    if course.question.one_program {
        return killed_alone(course);
    }
    let mut scene = Scene::start(course)?;
    hurt(course, &mut scene).map_err(|lost| scene.with_its_end(lost))?;
    if course.question.persistent {
        restart::check(course)?;
    }
    let line = format!("{KILLED} killed, {UNREAD} unread");
    Ok(Ruling::pass(scene.last_words()).with(line))
}

fn hurt(course: &Course<'_>, scene: &mut Scene<'_>) -> Asked<()> {
    let mut client = scene.client("ada")?;
    let shows = Shows::choose(course, &mut client)?;
    client.leave();
    for nth in 0..KILLED {
        let mut client = scene.client("eve")?;
        if nth % 3 > 0 {
            hearing::prepare(course, &mut client, &shows.reserved.name, 1)?;
        }
        if nth % 3 > 1 {
            client.send();
        }
        client.kill();
    }
    served(course, scene, &shows, "killed", KILLED)?;
    let before = unread(course, scene, &shows)?;
    upkeep::check(course, &before, MEASURED)?;
    let before = Kept::now(course)?;
    many_requests(course, scene, &shows)?;
    upkeep::check(course, &before, REQUESTS)
}

/// What clients reserve, and what they leave alone.
#[derive(Debug)]
struct Shows {
    reserved: Show,
    /// One of which nobody reserves any seat, if there are two.
    untouched: Option<Show>,
}

impl Shows {
    fn choose(course: &Course<'_>, client: &mut Client<'_>) -> Asked<Shows> {
        let mut shows = shows::all(course, client)?.into_iter();
        match shows.next().filter(|show| show.seats >= 1) {
            Some(reserved) => Ok(Shows { reserved, untouched: shows.next() }),
            None => course.fail("fault-few-seats", &[("needed", number(1))]),
        }
    }
}

/// One program: when it is killed, nothing of it stays.
fn killed_alone(course: &Course<'_>) -> Asked<Ruling> {
    let scene = Scene::start(course)?;
    let mut client = scene.client("ada")?;
    let show = shows::with_seats(course, &mut client, 1)?;
    let outcome = client.reserve(&show.name, "1");
    hearing::must_be_done(course, &outcome)?;
    client.kill();
    drop(scene);
    let again = Scene::start(course)?;
    let mut client = again.client("bob")?;
    hearing::rows(course, &mut client)?;
    Ok(Ruling::pass(hearing::last_lines(client.transcript())))
}

/// Clients whose answer is sent when they are gone, or stopped: nobody takes it. Returns what the
/// server had when the last ones came.
fn unread(course: &Course<'_>, scene: &mut Scene<'_>, shows: &Shows) -> Asked<Kept> {
    let at_once = course.question.clients.clamp(1, CLIENTS_MAX) as usize;
    let mut done = 0;
    let mut before = Kept::now(course)?;
    while done < UNREAD {
        if done <= UNREAD - MEASURED {
            before = Kept::now(course)?;
        }
        let mut clients: Vec<Client<'_>> = Vec::new();
        for _ in 0..at_once.min(UNREAD - done) {
            let mut client = scene.client("eve")?;
            hearing::prepare(course, &mut client, &shows.reserved.name, 1)?;
            clients.push(client);
        }
        let pids: Vec<i32> = clients.iter().map(Client::pid).collect();
        let frozen = scene.freeze(&clients.iter().collect::<Vec<_>>())?;
        for client in &mut clients {
            client.send();
        }
        quiet::wait(&pids, course.patience);
        done += clients.len();
        if done < UNREAD {
            clients.into_iter().for_each(Client::kill);
            drop(frozen);
            continue;
        }
        for client in &clients {
            // One that has ended reads nothing, either.
            if let Err(error) = client.signal(Signal::SIGSTOP)
                && error.raw_os_error() != Some(libc::ESRCH)
            {
                return course.cannot("stop a client", &error);
            }
        }
        drop(frozen);
        // The last ones live, and are stopped while somebody else asks.
        if at_once > 1 {
            served(course, scene, shows, "stopped", UNREAD)?;
        }
        clients.into_iter().for_each(Client::kill);
    }
    served(course, scene, shows, "unread", UNREAD)?;
    Ok(before)
}

/// One client asks again and again; where it ends after one action, as many clients were there.
fn many_requests(course: &Course<'_>, scene: &mut Scene<'_>, shows: &Shows) -> Asked<()> {
    if course.question.dialogue.one_action {
        return Ok(());
    }
    let mut client = scene.client("ada")?;
    for _ in 0..REQUESTS {
        if client.left(&shows.reserved.name).value.is_none() {
            break;
        }
    }
    client.leave();
    served(course, scene, shows, "requests", REQUESTS)
}

/// Whether the server is there, and a client that has just started is served.
fn served(
    course: &Course<'_>,
    scene: &mut Scene<'_>,
    shows: &Shows,
    after: &str,
    count: usize,
) -> Asked<()> {
    let after =
        course.words.say_with(&format!("after-{after}"), &[("count", number(count as i64))]);
    if let Some(status) = scene.server_end()? {
        let verdict = if status.code().is_none() { Verdict::Crash } else { Verdict::Fail };
        let values = [("input", text(after)), ("status", text(course.words.status(status)))];
        let fault = course.words.fault(verdict, "fault-server-died-of", &values);
        return Err(Box::new(fault.with_lines(scene.last_words())));
    }
    let served = scene.client("zoe").and_then(|mut client| {
        let show = &shows.reserved.name;
        hearing::left(course, &mut client, show)?;
        // Another part of the server may take reservations. They may be sold out by now.
        let outcome = client.reserve(show, "1");
        if outcome.answer != Answer::Refused {
            hearing::must_be_done(course, &outcome)?;
        }
        let other = shows.untouched.as_ref();
        let left =
            other.map(|other| hearing::left(course, &mut client, &other.name)).transpose()?;
        Ok((client, left))
    });
    match served {
        Ok((client, left)) => untouched(course, client, shows, left, &after),
        Err(mut ruling) => {
            let values = [("after", text(after)), ("cause", text(ruling.cause))];
            ruling.cause = course.words.say_with("fault-not-served", &values);
            Err(ruling)
        }
    }
}

/// Whether a client was told of the show that nobody reserves, and not what another one asked for.
fn untouched(
    course: &Course<'_>,
    client: Client<'_>,
    shows: &Shows,
    left: Option<i64>,
    after: &str,
) -> Asked<()> {
    let other = shows.untouched.as_ref().zip(left).filter(|(show, left)| show.seats != *left);
    let Some((show, left)) = other else {
        client.leave();
        return Ok(());
    };
    let values = [
        ("after", text(after)),
        ("show", text(show.name.as_str())),
        ("before", number(show.seats)),
        ("left", number(left)),
    ];
    let fault = course.words.fault(Verdict::Fail, "fault-other-answer", &values);
    Err(Box::new(fault.with_lines(hearing::last_lines(client.transcript()))))
}
