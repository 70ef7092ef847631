//! A watchdog and its servers by name, and ways to harm them from outside.

use std::time::Duration;

use common::booking::shows;
use common::client::ask::Ask;
use common::protocol::reply::{Reply, Status};
use harness::address;
use harness::server::Server;
use harness::stage::Stage;
use harness::wait;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use q5_sockets::client::Client as Connection;

/// Far more than anything here takes, but a hang.
pub(crate) const SOON: Duration = Duration::from_secs(10);
/// All servers but the watchdog.
pub(crate) const VICTIMS: [&str; 3] = ["q6 dispatch", "q6 reserve", "q6 consult"];

pub(crate) fn start(options: &[&str]) -> Server {
    Server::start_with(Stage::Q6Watchdog, &shows::sample(), options)
}

/// The process of that name, if it is there.
pub(crate) fn find(server: &Server, name: &str) -> Option<i32> {
    let threads = server.threads();
    threads.iter().find(|thread| thread.name == name && thread.pid == thread.tid).map(|it| it.pid)
}

pub(crate) fn process(server: &Server, name: &str) -> i32 {
    wait::until(SOON, || find(server, name)).unwrap_or_else(|| panic!("no {name}"))
}

pub(crate) fn send(pid: i32, signal: Signal) {
    kill(Pid::from_raw(pid), signal).unwrap();
}

/// Waits for the process that follows another.
pub(crate) fn successor(server: &Server, name: &str, old: i32) -> i32 {
    let other = || find(server, name).filter(|&pid| pid != old);
    wait::until(SOON, other).unwrap_or_else(|| panic!("no new {name}: {}", server.last_words()))
}

/// What the dispatcher answers.
pub(crate) fn ask_dispatcher(server: &Server, ask: Ask) -> Reply {
    let mut connection = Connection::open(&address::of(&server.dir()), SOON).unwrap();
    *connection.ask(ask).unwrap()
}

/// The port to which the dispatcher sends whoever asks this.
pub(crate) fn port(server: &Server, ask: Ask) -> i32 {
    let reply = ask_dispatcher(server, ask);
    assert_eq!(reply.status(), Some(Status::Redirect), "{reply:?}");
    reply.show.get()
}
