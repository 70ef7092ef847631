//! The mechanism seen from outside: processes, threads, names, permissions, the log.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use common::booking::shows;
use common::program::process::NAME_MAX;
use common::protocol::reply::Status;

use crate::checks::asked::reserve;
use crate::checks::check::{Check, Verdict};
use crate::evidence::{holds, same};
use crate::server::Server;
use crate::target::Target;
use crate::wait;

/// Far more than a thread needs to end.
const SOON: Duration = Duration::from_secs(5);

const LOG: &str = "another server has a log of its own";

/// The checks of this file.
pub const CHECKS: &[Check] = &[
    check!(
        CommandLine,
        the_processes_and_threads_are_those_of_the_mechanism,
        "Has the server the processes and threads that its README draws?",
        "another server has processes and names of its own"
    ),
    check!(
        P9,
        everything_in_dir_is_for_its_owner_only,
        "Is every file in DIR closed to other users?",
        "another server may trust the mode of DIR"
    ),
    check!(
        P9,
        the_lock_names_the_holder,
        "Does the lock file name the server and its process?",
        "another server has no lock file that names it"
    ),
    check!(
        CommandLine,
        a_reservation_is_logged_and_a_consultation_is_not,
        "Is a reservation in the log, and a consultation not?",
        LOG
    ),
    check!(
        CommandLine,
        a_log_file_gets_every_line_and_is_kept,
        "Does --log-file get every line with its date, and keep those of the run before?",
        LOG
    ),
    check!(
        P7,
        a_log_that_nobody_reads_stops_nothing,
        "Does the server go on when nobody reads what it logs?",
        LOG
    ),
];

/// `ps -L` shows what the README draws.
pub fn the_processes_and_threads_are_those_of_the_mechanism(target: &Target) -> Verdict {
    let stage = target.stage();
    let server = Server::start(target);
    server.client().reserve(1, 1);
    // The thread of a request or connection may not have ended when its client has the reply.
    let at_rest = || (server.threads().len() == stage.threads().len()).then(|| server.threads());
    let threads = wait::until(SOON, at_rest).unwrap_or_else(|| server.threads());
    let names: Vec<&str> = threads.iter().map(|thread| thread.name.as_str()).collect();
    same("ps -L of a server at rest", stage.threads(), names.as_slice());
    let fits = names.iter().all(|name| name.len() <= NAME_MAX);
    holds(fits, "ps -L", "names of 15 bytes at most", format!("{names:?}"));
    same("ps of a server at rest: processes", stage.processes(), server.processes().len());
    Ok(())
}

/// Nobody else reads or writes what is in DIR.
pub fn everything_in_dir_is_for_its_owner_only(target: &Target) -> Verdict {
    let server = Server::start(target);
    let _client = server.client();
    for entry in fs::read_dir(server.dir()).expect("DIR can be read") {
        let entry = entry.expect("DIR can be read");
        let metadata = entry.metadata().expect("it is there");
        let mode = metadata.permissions().mode() & 0o777;
        let what = format!("ls -l: the mode of {:?}", entry.file_name());
        let expected = if metadata.is_dir() { "700" } else { "600" };
        same(what, expected.to_owned(), format!("{mode:o}"));
    }
    Ok(())
}

/// Whoever finds DIR in use learns who uses it.
pub fn the_lock_names_the_holder(target: &Target) -> Verdict {
    let server = Server::start(target);
    let lock = fs::read_to_string(server.dir().join("lock")).expect("there is a lock file");
    let expected = format!("{} {}", server.pid(), target.stage().package());
    same("cat lock: its first line", Some(expected.as_str()), lock.lines().next());
    Ok(())
}

/// The log tells what was sold.
pub fn a_reservation_is_logged_and_a_consultation_is_not(target: &Target) -> Verdict {
    let mut server = Server::start(target);
    let mut client = server.client();
    client.view(5);
    client.reserve(3, 2);
    drop(client);
    server.stop();
    let log = server.log();
    let sold = "show=3 seats=2 left=118";
    let sent = "VIEW of show 5, RESERVE of 2 seats of show 3: the log";
    holds(log.contains(sold), sent, sold, &log);
    holds(!log.contains("show=5"), sent, "nothing of show 5", &log);
    Ok(())
}

/// A log file is added to.
pub fn a_log_file_gets_every_line_and_is_kept(target: &Target) -> Verdict {
    let base = tempfile::tempdir().expect("a directory for the log");
    let file = base.path().join("server.log");
    let options = ["--log-level", "debug", "--log-file", &file.display().to_string()];
    let mut server = Server::start_with(target, &shows::sample(), &options);
    server.client().view(5);
    server.stop();
    server.launch();
    server.client().reserve(3, 2);
    server.stop();
    let lines = fs::read_to_string(&file).expect("there is a log file");
    let sent = "VIEW of show 5, a stop and a start, RESERVE of 2 seats of show 3: the log file";
    let both = lines.contains("show=5") && lines.contains("show=3 seats=2 left=118");
    holds(both, sent, "both", &lines);
    let dated =
        |line: &str| line.len() > 20 && line.starts_with("20") && line[10..].starts_with('T');
    holds(lines.lines().all(dated), sent, "a date before each line", &lines);
    Ok(())
}

/// A pipe that is full costs lines, not answers.
pub fn a_log_that_nobody_reads_stops_nothing(target: &Target) -> Verdict {
    let mut server = Server::prepare(target, &["--durability", "process"]);
    let _unread = server.launch_unheard();
    let mut client = server.client();
    // A line has about 90 bytes, a pipe room for 65536.
    for _ in 0..1500 {
        reserve(&mut client, 1, 1000, (Status::NotEnoughSeats, 200));
    }
    Ok(())
}
