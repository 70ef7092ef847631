//! Does it survive clients that die or do not listen?

use nix::sys::signal::Signal;

use crate::dialogue::client::Client;
use crate::dialogue::reading::Answer;
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
        restart(course)?;
    }
    let line = format!("{KILLED} killed, {UNREAD} unread");
    Ok(Ruling::pass(scene.last_words()).with(line))
}

fn hurt(course: &Course<'_>, scene: &mut Scene<'_>) -> Asked<()> {
    let mut client = scene.client("ada")?;
    let show = shows::with_seats(course, &mut client, 1)?;
    client.leave();
    for nth in 0..KILLED {
        let mut client = scene.client("eve")?;
        if nth % 3 > 0 {
            client.prepare_reserve(&show.name, "1");
        }
        if nth % 3 > 1 {
            client.send();
        }
        client.kill();
    }
    served(course, scene, &show, "killed", KILLED)?;
    unread(course, scene, &show)
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

/// The table after the server was killed, and started again in the same folder.
fn restart(course: &Course<'_>) -> Asked<()> {
    let mut scene = Scene::start(course)?;
    let mut client = scene.client("ada")?;
    let show = shows::with_seats(course, &mut client, 1)?;
    let outcome = client.reserve(&show.name, "1");
    hearing::must_be_done(course, &outcome)?;
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

/// Clients whose answer is sent when they are gone, or stopped: nobody takes it.
fn unread(course: &Course<'_>, scene: &mut Scene<'_>, show: &Show) -> Asked<()> {
    let at_once = course.question.clients.clamp(1, CLIENTS_MAX) as usize;
    let mut done = 0;
    while done < UNREAD {
        let mut clients: Vec<Client<'_>> = Vec::new();
        for _ in 0..at_once.min(UNREAD - done) {
            let mut client = scene.client("eve")?;
            client.prepare_reserve(&show.name, "1");
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
            served(course, scene, show, "stopped", UNREAD)?;
        }
        clients.into_iter().for_each(Client::kill);
    }
    served(course, scene, show, "unread", UNREAD)
}

/// Whether the server is there, and a client that has just started is served.
fn served(
    course: &Course<'_>,
    scene: &mut Scene<'_>,
    show: &Show,
    after: &str,
    count: usize,
) -> Asked<()> {
    let after =
        course.words.say_with(&format!("after-{after}"), &[("count", number(count as i64))]);
    if let Some(status) = scene.server_end()? {
        let verdict = if status.code().is_none() { Verdict::Crash } else { Verdict::Fail };
        let values = [("input", text(after)), ("status", text(status.to_string()))];
        let fault = course.words.fault(verdict, "fault-server-died-of", &values);
        return Err(Box::new(fault.with_lines(scene.last_words())));
    }
    let served = scene.client("zoe").and_then(|mut client| {
        let left = hearing::left(course, &mut client, &show.name)?;
        // Another part of the server may take reservations. They may be sold out by now.
        let outcome = client.reserve(&show.name, "1");
        if outcome.answer != Answer::Refused {
            hearing::must_be_done(course, &outcome)?;
        }
        client.leave();
        Ok(left)
    });
    match served {
        Ok(_) => Ok(()),
        Err(mut ruling) => {
            let values = [("after", text(after)), ("cause", text(ruling.cause))];
            ruling.cause = course.words.say_with("fault-not-served", &values);
            Err(ruling)
        }
    }
}
