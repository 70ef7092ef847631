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
pub mod outside;
pub mod sockets;

use check::Check;

/// The modules of checks that every stage's server is asked.
pub const OF_EVERY_STAGE: [&[Check]; 8] = [
    answers::CHECKS,
    crowd::CHECKS,
    data_file::CHECKS,
    directories::CHECKS,
    durability::CHECKS,
    ending::CHECKS,
    hostile::CHECKS,
    outside::CHECKS,
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

/// The check of this name, such as `crowd::a_seat_is_never_sold_twice`.
pub fn find(name: &str) -> Option<&'static Check> {
    all().find(|check| check.name() == name)
}
