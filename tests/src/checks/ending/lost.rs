//! A server that has lost one of its workers: killed, or stopped.

use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::checks::asked::ends_in_time;
use crate::checks::check::{Skipped, Verdict};
use crate::evidence::{holds, same};
use crate::server::Server;
use crate::target::Target;

/// No server is half alive.
pub(super) fn a_server_that_loses_a_part_of_itself_ends_with_an_error(target: &Target) -> Verdict {
    let stage = target.stage();
    if stage.processes() == 1 || stage.restarts_workers() {
        return Err(Skipped::LeftOut("it has one process, or starts its workers again"));
    }
    for victim in 1..stage.processes() {
        let mut server = Server::start(target);
        let group = server.pid();
        let worker = server.workers()[victim - 1];
        kill(Pid::from_raw(worker), Signal::SIGKILL).expect("the worker runs");
        let status = server.wait(Duration::from_secs(3));
        let sent = format!("SIGKILL to worker {victim}");
        same(format!("{sent}: exit status"), Some(2), status.code());
        let is_said = server.log().contains("was killed by SIGKILL");
        holds(is_said, sent, "a word of it in the log", server.last_words());
        server.assert_nothing_left(group);
    }
    Ok(())
}

/// SIGSTOP does not make a server immortal.
pub(super) fn a_stopped_worker_is_killed_and_the_stop_says_so(target: &Target) -> Verdict {
    let stage = target.stage();
    if stage.processes() == 1 || stage.restarts_workers() {
        return Err(Skipped::LeftOut("it has no worker processes that it stops itself"));
    }
    let mut server = Server::start(target);
    let group = server.pid();
    let worker = server.workers()[0];
    kill(Pid::from_raw(worker), Signal::SIGSTOP).expect("the worker runs");
    let before = Instant::now();
    server.signal(Signal::SIGTERM);
    let status = server.wait(Duration::from_secs(10));
    let took = before.elapsed();
    let sent = "SIGTERM to a server one of whose workers is stopped";
    ends_in_time(sent, took, Duration::from_millis(2500));
    same(format!("{sent}: exit status"), Some(2), status.code());
    let word = format!("process {worker} did not stop in time");
    holds(server.log().contains(&word), sent, word, server.last_words());
    server.assert_nothing_left(group);
    Ok(())
}
