//! The log of a server: nobody reads it, its file may not grow, its file is renamed, its server is
//! killed.

mod unread;

use std::fs;
use std::process::Command;
use std::time::Duration;

use common::client::ask::Ask;
use common::protocol::reply::Status;
use nix::sys::signal::Signal;

use crate::checks::asked::{expect_end, reserve, strace, view};
use crate::checks::check::{Check, Skipped, Verdict};
use crate::checks::logs::unread::whoever_does_not_read_the_log_stops_nothing_and_learns_what_was_lost;
use crate::evidence::{fail, holds, same};
use crate::server::Server;
use crate::stage::Mechanism;
use crate::target::{Author, Target};
use crate::wait;

/// Far more than a line needs.
const SOON: Duration = Duration::from_secs(5);

const LOG: &str = "another server has a log of its own";

/// The checks of this file.
pub const CHECKS: &[Check] = &[
    check!(
        P7,
        whoever_does_not_read_the_log_stops_nothing_and_learns_what_was_lost,
        "Does the server go on, and stop on SIGTERM, while its log is a full socket or FIFO?",
        LOG
    ),
    check!(
        P6,
        a_file_that_may_not_grow_costs_lines_of_the_log_and_no_server,
        "Is a limit of file sizes a failed write, of the log or of the data file, and no signal?",
        LOG
    ),
    check!(
        CommandLine,
        sighup_opens_the_log_file_anew_in_every_process,
        "Does every process write into a new log file after SIGHUP?",
        LOG
    ),
    check!(
        P8,
        sighup_without_a_log_file_is_a_stop_unless_it_was_ignored,
        "Does a closed terminal stop the server like SIGTERM, and under nohup not at all?",
        LOG
    ),
    check!(
        CommandLine,
        an_acknowledgement_is_in_the_log_before_it_leaves,
        "Does the log name each reservation before its client has the answer?",
        LOG
    ),
];

/// What `command` would start, started by a program that runs what follows its own words.
fn started_by(words: &[&str], server: &Server) -> Command {
    let command = server.command();
    let mut started = Command::new(words[0]);
    started.args(&words[1..]).arg(command.get_program()).args(command.get_args());
    started
}

/// SIGXFSZ kills nobody.
pub fn a_file_that_may_not_grow_costs_lines_of_the_log_and_no_server(target: &Target) -> Verdict {
    let base = tempfile::tempdir().expect("a directory for the log");
    let file = base.path().join("server.log").display().to_string();
    let mut server = Server::prepare(target, &["--log-file", &file]);
    // 8 blocks of 512 or 1024 bytes, for the log file and for stderr, which is a file too.
    let limited = started_by(&["sh", "-c", r#"ulimit -f 8; exec "$0" "$@""#], &server);
    server.launch_as(limited);
    let mut client = server.client();
    for _ in 0..200 {
        reserve(&mut client, 1, 1000, (Status::NotEnoughSeats, 200));
    }
    reserve(&mut client, 1, 1, (Status::Ok, 199));
    let group = server.pid();
    limit_file_size(&server, 0)?;
    let sent = "RESERVE, where the data file may not be written (RLIMIT_FSIZE is 0)";
    match client.ask(Ask::Reserve { show: 1, seats: 1 }) {
        Ok(reply) => same(sent, Some(Status::Unavailable), reply.status()),
        Err(error) => fail(sent, "UNAVAILABLE", format!("no reply: {error}")),
    }
    same(format!("{sent}: exit status"), Some(2), server.wait(SOON).code());
    server.assert_nothing_left(group);
    Ok(())
}

/// Sets how large a file may become by a write of the server's processes.
fn limit_file_size(server: &Server, bytes: u64) -> Result<(), Skipped> {
    for pid in server.processes() {
        let mut command = Command::new("prlimit");
        command.args([format!("--pid={pid}"), format!("--fsize={bytes}")]);
        let Ok(status) = command.status() else { return Err(Skipped::Lacks("prlimit")) };
        assert!(status.success(), "the processes are ours");
    }
    Ok(())
}

/// logrotate renames the file and sends SIGHUP.
pub fn sighup_opens_the_log_file_anew_in_every_process(target: &Target) -> Verdict {
    let base = tempfile::tempdir().expect("a directory for the log");
    let (file, old) = (base.path().join("server.log"), base.path().join("server.log.1"));
    let options = ["--log-level", "debug", "--log-file", &file.display().to_string()];
    let mut server = Server::prepare(target, &options);
    server.launch();
    let mut client = server.client();
    reserve(&mut client, 1, 1, (Status::Ok, 199));
    fs::rename(&file, &old).expect("the folder is ours");
    server.signal(Signal::SIGHUP);
    let is_new = || file.exists().then_some(());
    holds(wait::until(SOON, is_new).is_some(), "mv of the log file, SIGHUP", "a new one", "none");
    reserve(&mut client, 2, 3, (Status::Ok, 147));
    view(&mut client, 5, 100);
    drop(client);
    let before = fs::read_to_string(&old).expect("it was renamed");
    server.stop();
    let lines = fs::read_to_string(&file).expect("it is there");
    let sent = "mv of the log file, SIGHUP, RESERVE of show 2, VIEW of show 5, SIGTERM";
    for expected in ["show=2 seats=3", "show=5", "stopping on SIGTERM"] {
        holds(lines.contains(expected), sent, format!("{expected} in the new file"), &lines);
    }
    let after = fs::read_to_string(&old).expect("it was renamed");
    same(format!("{sent}: the old file"), before, after);
    Ok(())
}

/// A closed terminal is a reason to stop, and nohup a reason not to.
pub fn sighup_without_a_log_file_is_a_stop_unless_it_was_ignored(target: &Target) -> Verdict {
    let mut server = Server::prepare(target, &[]);
    let with_default = started_by(&["env", "--default-signal=HUP"], &server);
    server.launch_as(with_default);
    let group = server.pid();
    server.signal(Signal::SIGHUP);
    let has_certificates =
        target.stage().mechanism() == Mechanism::Tls && target.author() == Author::Stage;
    if has_certificates {
        // There it reads them anew.
        reserve(&mut server.client(), 2, 1, (Status::Ok, 149));
        server.stop();
    } else {
        expect_end(&mut server, "SIGHUP");
        server.assert_nothing_left(group);
    }
    let under_nohup = started_by(&["nohup"], &server);
    server.launch_as(under_nohup);
    server.signal(Signal::SIGHUP);
    let mut client = server.client();
    reserve(&mut client, 1, 1, (Status::Ok, 199));
    drop(client);
    server.stop();
    let count = server.log().matches("stopping on SIGHUP").count();
    same(
        "SIGHUP, then a start under nohup and SIGHUP: stops on SIGHUP",
        usize::from(!has_certificates),
        count,
    );
    Ok(())
}

/// Whoever has an answer finds it in the log, also if the server is killed at that moment.
pub fn an_acknowledgement_is_in_the_log_before_it_leaves(target: &Target) -> Verdict {
    let reply_call = target.reply_call();
    let server = Server::start(target);
    let calls = format!("trace=write,{}", reply_call.trim_end_matches('('));
    let strace = strace(&[server.office()], &["-s", "200", "-e", &calls])?;
    let mut client = server.client();
    (1..=20).for_each(|n| reserve(&mut client, 1, 1, (Status::Ok, 200 - n)));
    let trace = strace.finish();
    // A watchdog asks for a sign of life in between: UNKNOWN_SHOW.
    let is_reply = |line: &str| target.is_reply(line) && !line.contains(r"SPC1\1\0");
    let order: String = trace
        .lines()
        .filter_map(|line| match line {
            line if line.contains("reserve: ok") => Some('l'),
            line if is_reply(line) => Some('r'),
            _ => None,
        })
        .collect();
    let expected = "20 times lr: a line of the log, then the reply";
    holds(order == "lr".repeat(20), "20 times a RESERVE", expected, format!("{order}:\n{trace}"));
    Ok(())
}
