//! Stops, crashes and rivals: a stop leaves nothing behind, a crash loses nothing, two servers
//! never share a DIR.

mod decided;
mod load;
mod lost;

use std::thread;
use std::time::{Duration, Instant};

use common::client::ask::Ask;
use common::protocol::reply::Status;
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

use crate::checks::asked::{ends_in_time, expect_end, reserve};
use crate::checks::check::{Check, Verdict};
use crate::checks::ending::decided::a_stop_answers_all_that_it_has_decided;
use crate::checks::ending::load::{SEATS, assert_kept, load, start, wait_for_sales};
use crate::checks::ending::lost::{
    a_server_that_loses_a_part_of_itself_ends_with_an_error,
    a_stopped_worker_is_killed_and_the_stop_says_so,
};
use crate::evidence::{fail, holds, same};
use crate::processes;
use crate::server::Server;
use crate::target::Target;

/// The checks of this file.
pub const CHECKS: &[Check] = &[
    check!(
        P8,
        a_stop_under_load_is_prompt_and_leaves_nothing_behind,
        "Does a stop end in 2 s while 16 clients ask, leave nothing, and lose no acknowledged seat?"
    ),
    check!(
        P8,
        a_stop_answers_all_that_it_has_decided,
        "Is every seat that is sold before the end acknowledged, with 2 to 64 RESERVEs in flight?"
    ),
    check!(
        P8,
        an_idle_stop_is_prompt_even_with_a_client_at_its_menu,
        "Does a client that is there and asks nothing keep the server from ending?"
    ),
    check!(
        P8,
        ctrl_c_reaches_the_whole_group_and_stops_it_well,
        "Does Ctrl-C, which every process of the server gets, end it with status 0?"
    ),
    check!(
        P1,
        after_a_kill_every_acknowledged_seat_is_there_and_the_leftovers_go,
        "Are all acknowledged seats there after SIGKILL and a start?"
    ),
    check!(
        P8,
        a_server_that_loses_a_part_of_itself_ends_with_an_error,
        "Does the server end with an error when one of its workers is killed?",
        "nobody knows which processes another server can lose"
    ),
    check!(
        P8,
        a_client_that_waits_learns_soon_that_the_server_is_dead,
        "Is a client told when the server dies while it waits?",
        "it judges how the client and the server of one stage go together"
    ),
    check!(
        P9,
        a_second_server_is_refused_and_harms_nobody,
        "Does a second server on the same DIR say who holds it, and end?",
        "another server has no lock file that names it"
    ),
    check!(
        P9,
        a_server_waits_for_the_last_processes_of_a_killed_one,
        "Does a start wait until the workers of a killed server are gone?",
        "another server need not hold a lock in each of its processes"
    ),
    check!(
        P8,
        a_stopped_worker_is_killed_and_the_stop_says_so,
        "Does a stop kill a worker that SIGSTOP holds, and say so?",
        "nobody knows which processes of another server are workers"
    ),
];

/// A stop waits for nobody and loses nothing.
pub fn a_stop_under_load_is_prompt_and_leaves_nothing_behind(target: &Target) -> Verdict {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let mut server = start(target);
        let clients = load(&server, 16);
        wait_for_sales(&server, 100);
        let group = server.pid();
        let before = Instant::now();
        server.signal(signal);
        let sent = format!("{signal} while 16 clients reserve");
        expect_end(&mut server, &sent);
        let took = before.elapsed();
        ends_in_time(sent, took, Duration::from_secs(2));
        server.assert_nothing_left(group);
        let seen = clients.end();
        if server.keeps_its_table() {
            assert_kept(&seen, SEATS - server.table_on_disk().rows[0].seats.get());
        }
    }
    Ok(())
}

/// A client that asks nothing holds nobody up.
pub fn an_idle_stop_is_prompt_even_with_a_client_at_its_menu(target: &Target) -> Verdict {
    let mut server = Server::start(target);
    let _at_the_menu = server.client();
    let took = server.stop();
    let sent = "SIGTERM while a client is open and asks nothing";
    ends_in_time(sent, took, Duration::from_secs(1));
    Ok(())
}

/// A terminal's Ctrl-C goes to every process at once.
pub fn ctrl_c_reaches_the_whole_group_and_stops_it_well(target: &Target) -> Verdict {
    let mut server = Server::start(target);
    let group = server.pid();
    killpg(Pid::from_raw(group), Signal::SIGINT).expect("the server runs");
    expect_end(&mut server, "SIGINT to all processes of the server");
    server.assert_nothing_left(group);
    Ok(())
}

/// A crash under load takes nothing that was acknowledged.
pub fn after_a_kill_every_acknowledged_seat_is_there_and_the_leftovers_go(
    target: &Target,
) -> Verdict {
    let mut server = start(target);
    for _ in 0..5 {
        let before = server.table_on_disk().rows[0].seats.get();
        let clients = load(&server, 8);
        wait_for_sales(&server, 50);
        server.crash();
        server.launch();
        let seen = clients.end();
        assert_kept(&seen, before - server.client().view(1));
    }
    server.stop();
    Ok(())
}

/// Nobody waits for a dead server until a time-out.
pub fn a_client_that_waits_learns_soon_that_the_server_is_dead(target: &Target) -> Verdict {
    let mut server = Server::start(target);
    let mut client = server.client();
    let group = Pid::from_raw(server.pid());
    processes::freeze(server.pid());
    let killer = thread::spawn(move || kill(group, Signal::SIGKILL));
    let before = Instant::now();
    let sent = "RESERVE to a server that is killed before it answers";
    if let Ok(reply) = client.ask(Ask::Reserve { show: 1, seats: 1 }) {
        fail(sent, "no answer", format!("{reply:?}"));
    }
    let took = before.elapsed();
    ends_in_time(sent, took, Duration::from_secs(5));
    killer.join().expect("it does not panic").expect("the server runs");
    server.crash();
    server.launch();
    Ok(())
}

/// DIR has one server.
pub fn a_second_server_is_refused_and_harms_nobody(target: &Target) -> Verdict {
    let server = Server::start(target);
    let rival = server.rival();
    let error = String::from_utf8_lossy(&rival.stderr).into_owned();
    let holder = format!("{}, process {}, runs in", target.stage().package(), server.pid());
    let is_refused = rival.status.code() == Some(2) && rival.stdout.is_empty();
    let expected = format!("exit status 2, and `{holder}`");
    let came = format!("{}: {error}", rival.status);
    holds(is_refused && error.contains(&holder), "a second start on the same DIR", expected, came);
    reserve(&mut server.client(), 1, 1, (Status::Ok, 199));
    Ok(())
}

/// Two writers never overlap.
pub fn a_server_waits_for_the_last_processes_of_a_killed_one(target: &Target) -> Verdict {
    let mut server = Server::start(target);
    for _ in 0..20 {
        let group = server.pid();
        server.crash();
        server.launch();
        let left = processes::of_group(group).len();
        same("SIGKILL to the server, and a start: processes of the old one", 0, left);
    }
    Ok(())
}
