//! The contract as functions: each check asks one server one thing, whoever wrote it.
//!
//! A check panics if a promise is broken, so that everything it uses may do the same; whoever asks
//! many catches that (`std::panic::catch_unwind`, or a process of its own as `runner` does it).

#[macro_use]
pub mod check;

pub mod answers;
mod asked;
pub mod crowd;
pub mod data_file;
pub mod directories;
pub mod durability;
pub mod ending;
pub mod hostile;
pub mod logs;
pub mod outside;
pub mod sockets;
pub mod strangers;

use check::Check;

use crate::stage::Stage;

/// The modules of checks that every stage's server is asked.
pub const OF_EVERY_STAGE: [&[Check]; 10] = [
    answers::CHECKS,
    crowd::CHECKS,
    data_file::CHECKS,
    directories::CHECKS,
    durability::CHECKS,
    ending::CHECKS,
    hostile::CHECKS,
    logs::CHECKS,
    outside::CHECKS,
    strangers::CHECKS,
];

/// Those that only a server on sockets can be asked.
pub const OF_SOCKETS: [&[Check]; 5] = [
    sockets::ending::CHECKS,
    sockets::limits::CHECKS,
    sockets::share::CHECKS,
    sockets::slow::CHECKS,
    sockets::stream::CHECKS,
];

/// All checks.
pub fn all() -> impl Iterator<Item = &'static Check> {
    OF_EVERY_STAGE.into_iter().chain(OF_SOCKETS).flatten()
}

/// Those that a stranger's server with a stage's mechanism can be asked.
pub fn of_strangers(stage: Stage) -> impl Iterator<Item = &'static Check> {
    let on_sockets = OF_SOCKETS.into_iter().filter(move |_| stage == Stage::Q5Sockets);
    let checks = OF_EVERY_STAGE.into_iter().chain(on_sockets).flatten();
    checks.filter(|check| check.needs.is_none())
}

/// The check of this name, such as `crowd::a_seat_is_never_sold_twice`.
pub fn find(name: &str) -> Option<&'static Check> {
    all().find(|check| check.name() == name)
}
