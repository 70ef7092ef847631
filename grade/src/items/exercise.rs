//! A dialogue that uses all of a submission: views, reservations, odd numbers, clients at once.

use std::time::Duration;

use nix::sys::signal::Signal;

use crate::dialogue::client::Client;
use crate::judge::course::{Asked, Course};
use crate::judge::hearing;
use crate::judge::scene::Scene;
use crate::judge::shows;
use crate::kernel::quiet;

/// Clients at once, at most, and how often each asks.
const CLIENTS_MAX: u32 = 8;
const ROUNDS: usize = 10;
/// A show that no table has.
const UNKNOWN: &str = "987";
/// How long a server may take to end; whether it does is not judged here.
const END_MAX: Duration = Duration::from_secs(2);

/// Runs it; only what every submission must do is judged. At the end the server is told to end, or
/// killed. Says what was done.
///
/// # Errors
/// What the submission lost by.
pub fn all(course: &Course<'_>, is_told: bool) -> Asked<String> {
    let mut scene = Scene::start(course)?;
    let mut client = scene.client("ada")?;
    let show = shows::with_seats(course, &mut client, 1)?;
    hearing::left(course, &mut client, &show.name)?;
    let outcome = client.reserve(&show.name, "1");
    hearing::must_be_done(course, &outcome)?;
    client.leave();
    let too_many = (show.seats + 1).to_string();
    let odd = [(show.name.as_str(), too_many.as_str()), (UNKNOWN, "1"), (&show.name, "-1")];
    for (name, seats) in odd {
        let mut client = scene.client("eve")?;
        // It may have ended, or wait for more: other items judge that.
        client.reserve(name, seats);
        client.kill();
    }
    let n_clients = course.question.clients.clamp(1, CLIENTS_MAX) as usize;
    together(course, &scene, &show.name, n_clients)?;
    if let Some(server) = scene.server.as_mut().filter(|_| is_told) {
        // It may have ended.
        let _ = server.signal(Signal::SIGTERM);
        let _ = server.wait_for(course.patience.scale(END_MAX));
    }
    Ok(format!("{} single requests, {n_clients} x {ROUNDS} at once", 2 + odd.len()))
}

/// Clients that ask while the server is frozen, every other one for a view: then it has all their
/// requests at the same moment.
fn together(course: &Course<'_>, scene: &Scene<'_>, show: &str, n: usize) -> Asked<()> {
    let mut clients: Vec<Client<'_>> = Vec::new();
    for nth in 0..n {
        clients.push(scene.client(&format!("client{nth}"))?);
    }
    for _ in 0..ROUNDS {
        for (nth, client) in clients.iter_mut().enumerate() {
            if nth % 2 == 0 || !client.prepare_view(show) {
                client.prepare_reserve(show, "1");
            }
        }
        let frozen = scene.freeze(&clients.iter().collect::<Vec<_>>())?;
        clients.iter_mut().for_each(Client::send);
        let pids: Vec<i32> = clients.iter().map(Client::pid).collect();
        quiet::wait(&pids, course.patience);
        drop(frozen);
        for client in &mut clients {
            client.finish();
        }
    }
    clients.into_iter().for_each(Client::leave);
    Ok(())
}
