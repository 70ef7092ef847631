//! Hostile paths: what stands in the place of one of the server's files is refused and left alone.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Output;
use std::thread;
use std::time::Duration;

use common::booking::shows;
use common::protocol::reply::Status;
use harness::machine::capability::{Capability, has};
use harness::server::Server;
use harness::stage::{ALL, Mechanism, Stage, is_ours, skip};
use nix::sys::stat::{Mode, SFlag, makedev, mknod};
use nix::unistd::mkfifo;
use zerocopy::IntoBytes;

/// Longer than a server takes to end.
const STOP_MAX: Duration = Duration::from_secs(5);

/// What must still be in a file that somebody wants overwritten.
const PRECIOUS: &str = "precious";

/// What can stand in a file's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trap {
    Link,
    DanglingLink,
    HardLink,
    Fifo,
    Socket,
    Directory,
    Device,
    ForeignFile,
}

const TRAPS: [Trap; 8] = [
    Trap::Link,
    Trap::DanglingLink,
    Trap::HardLink,
    Trap::Fifo,
    Trap::Socket,
    Trap::Directory,
    Trap::Device,
    Trap::ForeignFile,
];

impl Trap {
    /// Whether only root can make it.
    fn needs_root(self) -> bool {
        matches!(self, Trap::Device | Trap::ForeignFile)
    }

    /// Puts it at `path`; `outside` is a file of its own, with legal contents.
    fn set(self, path: &Path, outside: &Path) {
        let mode = Mode::S_IRUSR | Mode::S_IWUSR;
        match self {
            Trap::Link => symlink(outside, path).unwrap(),
            Trap::DanglingLink => symlink(outside.with_extension("new"), path).unwrap(),
            Trap::HardLink => fs::hard_link(outside, path).unwrap(),
            Trap::Fifo => mkfifo(path, mode).unwrap(),
            Trap::Socket => drop(UnixListener::bind(path).unwrap()),
            Trap::Directory => fs::create_dir(path).unwrap(),
            // That of /dev/null: what is written there is gone, and the write succeeds.
            Trap::Device => mknod(path, SFlag::S_IFCHR, mode, makedev(1, 3)).unwrap(),
            Trap::ForeignFile => {
                fs::copy(outside, path).unwrap();
                chown(path, Some(12345), None).unwrap();
            }
        }
    }
}

/// The files that a server opens in DIR.
fn files(stage: Stage) -> &'static [&'static str] {
    match stage.mechanism() {
        Mechanism::Queues => &["spectacles.dat", "lock", "queue.key"],
        Mechanism::Tls => &["spectacles.dat", "lock", "tls"],
        Mechanism::Pipes | Mechanism::Sockets | Mechanism::Dispatcher => {
            &["spectacles.dat", "lock"]
        }
    }
}

fn error(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_server_refuses_whatever_stands_in_the_place_of_its_files() {
    let name = "a_server_refuses_whatever_stands_in_the_place_of_its_files";
    if !is_ours(name) {
        return;
    }
    let can_make_all = has(&[Capability::Chown, Capability::Mknod]);
    if !can_make_all {
        skip(name, "CAP_CHOWN and CAP_MKNOD, for devices and files of other users");
    }
    let try_all = move |stage: Stage| {
        for (trap, file) in
            TRAPS.iter().flat_map(|trap| files(stage).iter().map(move |it| (trap, it)))
        {
            if trap.needs_root() && !can_make_all {
                continue;
            }
            let server = Server::prepare(stage, &[]);
            let (path, outside) = (server.dir().join(file), server.base().join("outside"));
            let legal = shows::sample().as_bytes().to_vec();
            fs::write(&outside, &legal).unwrap();
            trap.set(&path, &outside);
            let output = server.rival();
            let (said, place) = (error(&output), format!("{} {trap:?} {file}", stage.package()));
            assert!(output.status.code() == Some(2) && said.contains(file), "{place}: {said}");
            assert_eq!(fs::read(&outside).unwrap(), legal, "{place}");
            assert!(!outside.with_extension("new").exists(), "{place}");
            assert!(fs::symlink_metadata(&path).is_ok(), "{place} is left where it is");
        }
    };
    // Each start takes a moment: the stages take it together.
    let trials = ALL.map(|stage| thread::spawn(move || try_all(stage)));
    trials.into_iter().for_each(|trial| trial.join().unwrap());
}

#[test]
fn a_directory_that_is_none_or_is_open_to_others_is_refused() {
    for stage in ALL {
        let server = Server::prepare(stage, &[]);
        let refused = |what: &str| {
            let output = server.rival();
            assert_eq!(
                output.status.code(),
                Some(2),
                "{} {what}: {}",
                stage.package(),
                error(&output)
            );
            assert!(error(&output).contains("run"), "{}", error(&output));
        };
        for mode in [0o777, 0o1777, 0o705, 0o750] {
            fs::set_permissions(server.dir(), Permissions::from_mode(mode)).unwrap();
            refused("open to others");
            assert_eq!(fs::read_dir(server.dir()).unwrap().count(), 0);
        }
        fs::remove_dir(server.dir()).unwrap();
        symlink(server.base().join("nowhere"), server.dir()).unwrap();
        refused("a dangling link");
        assert!(!server.base().join("nowhere").exists());
        fs::remove_file(server.dir()).unwrap();
        fs::write(server.dir(), PRECIOUS).unwrap();
        refused("a file");
        assert_eq!(fs::read_to_string(server.dir()).unwrap(), PRECIOUS);
        fs::remove_file(server.dir()).unwrap();
        fs::create_dir(server.dir()).unwrap();
    }
}

#[test]
fn what_is_swapped_under_a_running_server_gets_none_of_its_writes() {
    if !is_ours("what_is_swapped_under_a_running_server_gets_none_of_its_writes") {
        return;
    }
    for stage in ALL {
        let mut server = Server::start(stage);
        let mut client = server.client();
        let (data, kept) = (server.data_file(), server.base().join("kept"));
        let precious = server.base().join("precious");
        fs::write(&precious, PRECIOUS).unwrap();
        for file in ["spectacles.dat", "lock"] {
            let path = server.dir().join(file);
            fs::rename(&path, server.base().join(file)).unwrap();
            symlink(&precious, &path).unwrap();
        }
        // Nobody would find a seat that is sold into a file without its name.
        assert_eq!(client.reserve(3, 2).0, Status::Unavailable, "{}", stage.package());
        let status = server.wait(STOP_MAX);
        assert_eq!(status.code(), Some(2), "{}: {status}", stage.package());
        assert_eq!(fs::read_to_string(&precious).unwrap(), PRECIOUS, "{}", stage.package());
        fs::rename(server.base().join("spectacles.dat"), &kept).unwrap();
        assert_eq!(fs::read(&kept).unwrap()[2 * 72 + 68], 118, "{}", stage.package());
        fs::remove_file(&data).unwrap();
        fs::remove_file(server.dir().join("lock")).unwrap();
    }
}

#[test]
fn a_reply_fifo_that_is_none_gets_nothing_and_holds_nobody_up() {
    let outside = tempfile::tempdir().unwrap();
    let server = Server::start(Stage::Q1Pipes);
    let mut client = server.client();
    let can_make_all = has(&[Capability::Chown, Capability::Mknod]);
    for (number, trap) in (i32::MAX - 100..).zip(TRAPS) {
        if trap.needs_root() && !can_make_all {
            continue;
        }
        let (path, file) =
            (server.dir().join(q1_pipes::armour::inbox::name(number)), outside.path().join("file"));
        fs::write(&file, PRECIOUS).unwrap();
        trap.set(&path, &file);
        let wire = harness::wire::Wire::open(Stage::Q1Pipes, &server.dir(), 1).unwrap();
        let ask = common::client::ask::Ask::List;
        let request = common::protocol::request::Request::new(number, 1, ask);
        wire.send(harness::wire::RequestClass::Consultation, request.as_bytes());
        // It stands behind the other in the FIFO.
        assert_eq!(client.view(3), 120, "{trap:?}");
        assert_eq!(fs::read_to_string(&file).unwrap(), PRECIOUS, "{trap:?}");
        assert!(!file.with_extension("new").exists(), "{trap:?}");
        if trap == Trap::Directory { fs::remove_dir(path) } else { fs::remove_file(path) }.unwrap();
        fs::remove_file(file).unwrap();
    }
}
