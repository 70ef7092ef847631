//! Is the server reached from another machine?

use crate::judge::course::{Asked, Course};
use crate::judge::hearing;
use crate::judge::scene::Scene;
use crate::sandbox::network::HERE;
use crate::verdict::item::Ruling;

/// Shows the table to a client in another network, which has a cable to that of the server.
///
/// A server that listens on its loopback address only is not found there, nor by a client that asks
/// 127.0.0.1 whatever it was told.
pub(super) fn ask(course: &Course<'_>) -> Asked<Ruling> {
    let Some(elsewhere) = course.elsewhere else {
        return course.cannot(
            "put a client on another machine",
            &"that needs a box, a question about sockets, and {host} in `client`",
        );
    };
    let scene = Scene::start(course)?;
    let mut client = scene.client_at(elsewhere, &HERE.to_string(), "ada")?;
    hearing::rows(course, &mut client)?;
    Ok(Ruling::pass(hearing::last_lines(client.transcript())))
}
