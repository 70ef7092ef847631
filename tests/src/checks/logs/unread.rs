//! A log that nobody reads, and that is read at last.

use std::fs::OpenOptions;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use common::protocol::reply::Status;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::socket::{setsockopt, sockopt};
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use crate::checks::asked::reserve;
use crate::checks::check::Verdict;
use crate::client::Client;
use crate::evidence::holds;
use crate::server::Server;
use crate::target::Target;
use crate::wait;

/// Far more than a line needs.
const SOON: Duration = Duration::from_secs(5);
/// Bytes that a pipe or a socket of these tests keeps, the least there can be: a page. A line has
/// about 100.
const ROOM: usize = 4096;
/// Reservations whose lines no such pipe or socket has room for.
const TOO_MANY: usize = 300;

/// Lines are lost and counted, and that is all.
pub(crate) fn whoever_does_not_read_the_log_stops_nothing_and_learns_what_was_lost(
    target: &Target,
) -> Verdict {
    for begin in [stderr_is_a_socket, log_file_is_a_fifo, log_file_is_stderr] {
        let (sent, mut server, reader) = begin(target);
        fcntl(&reader, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).expect("it is open");
        let mut reader = std::fs::File::from(reader);
        let mut client = server.client();
        ask_too_much(&mut client);
        read_all(&mut reader);
        // There is room again: with the next line comes the count.
        let mut log = String::new();
        let is_said = || {
            reserve(&mut client, 1, 1000, (Status::NotEnoughSeats, 200));
            log += &read_all(&mut reader);
            log.contains("lines were lost lost=").then_some(())
        };
        let is_said = wait::until(SOON, is_said).is_some();
        holds(is_said, format!("{sent}, then reads"), "how many lines were lost", log);
        ask_too_much(&mut client);
        drop(client);
        server.stop();
    }
    Ok(())
}

fn ask_too_much(client: &mut Client) {
    (0..TOO_MANY).for_each(|_| reserve(client, 1, 1000, (Status::NotEnoughSeats, 200)));
}

/// What waits there.
fn read_all(reader: &mut impl Read) -> String {
    let mut bytes = Vec::new();
    match reader.read_to_end(&mut bytes) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
        read => drop(read.expect("it can be read")),
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// As systemd, inetd and node have it.
fn stderr_is_a_socket(target: &Target) -> (&'static str, Server, OwnedFd) {
    let (ours, theirs) = UnixStream::pair().expect("there is a socket left");
    setsockopt(&theirs, sockopt::SndBuf, &ROOM).expect("it is a socket");
    let mut server = Server::prepare(target, &["--durability", "process"]);
    let mut command = server.command();
    command.stderr(OwnedFd::from(theirs));
    server.spawn(command);
    ("stderr is a socket that nobody reads", server, ours.into())
}

fn log_file_is_a_fifo(target: &Target) -> (&'static str, Server, OwnedFd) {
    let base = tempfile::tempdir().expect("a directory for the log");
    let path = base.path().join("log.fifo");
    mkfifo(&path, Mode::S_IRUSR | Mode::S_IWUSR).expect("the folder is new");
    let words = path.display().to_string();
    let mut server = Server::prepare(target, &["--durability", "process", "--log-file", &words]);
    server.launch();
    let mut options = OpenOptions::new();
    let reader = options.read(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(&path);
    let reader = OwnedFd::from(reader.expect("the server has it open"));
    shrink(&reader);
    ("the log file is a FIFO that nobody reads", server, reader)
}

fn log_file_is_stderr(target: &Target) -> (&'static str, Server, OwnedFd) {
    let (reader, writer) = io::pipe().expect("there is a pipe left");
    shrink(&writer);
    let options = ["--durability", "process", "--log-file", "/dev/stderr"];
    let mut server = Server::prepare(target, &options);
    let mut command = server.command();
    command.stderr(writer);
    server.spawn(command);
    ("the log file is /dev/stderr, a pipe that nobody reads", server, reader.into())
}

fn shrink(pipe: &impl AsFd) {
    fcntl(pipe, FcntlArg::F_SETPIPE_SZ(ROOM as i32)).expect("it is a pipe");
}
