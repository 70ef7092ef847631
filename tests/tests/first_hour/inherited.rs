//! What a program inherits: a umask, signals, a file system.

use crate::{SOON, after, client_that_waits, every_stage, run, server_command};
use harness::c::Program;
use harness::processes;
use harness::server::Server;
use harness::stage::{Stage, is_ours};
use harness::wait;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use rstest_reuse::apply;
use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Command;

#[apply(every_stage)]
fn an_odd_umask_takes_no_rights_from_their_owner(stage: Stage) {
    let mut server = Server::prepare(stage, &[]);
    fs::remove_dir(server.dir()).unwrap();
    server.launch_as(after("umask 0277", &server_command(stage, &server.dir())));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&server.dir()), mode(&server.data_file())), (0o700, 0o600));
    let (status, _, error) =
        run(&mut after("umask 0277", &server.client_program(&["reserve", "3", "2"])));
    assert!(status.success(), "{error}");
    server.stop();
    fs::set_permissions(server.dir(), Permissions::from_mode(0o500)).unwrap();
    let (status, _, error) = run(&mut server_command(stage, &server.dir()));
    fs::set_permissions(server.dir(), Permissions::from_mode(0o700)).unwrap();
    assert!(status.code() == Some(2) && error.contains("its owner lacks rights"), "{error}");
    assert!(error.contains("chmod 700") && !error.contains("other users"), "{error}");
}

#[apply(every_stage)]
fn a_file_system_without_modes_is_named(stage: Stage) {
    let name = "a_file_system_without_modes_is_named";
    if !is_ours(name) {
        return;
    }
    let Some(library) = Program::compile_library(name, "no-modes") else { return };
    let base = tempfile::tempdir().unwrap();
    let dir = base.path().join("run");
    let (status, out, error) = run(server_command(stage, &dir).env("LD_PRELOAD", library.path()));
    assert_eq!((status.code(), out.as_str()), (Some(2), ""), "{error}");
    assert!(error.contains("its file system keeps no modes") && error.contains("0777"), "{error}");
    assert!(!error.contains("chmod") && !dir.exists(), "{error}");
}

#[apply(every_stage)]
fn what_is_inherited_does_no_harm(stage: Stage) {
    let mut server = Server::prepare(stage, &[]);
    let odd = |command: &Command| {
        let mut odd = Command::new("env");
        odd.args(["--ignore-signal=CHLD,ALRM,TERM,USR1", "--block-signal"]);
        odd.arg(command.get_program()).args(command.get_args());
        odd
    };
    server.launch_as(odd(&server_command(stage, &server.dir())));
    let (status, out, error) = run(&mut odd(&server.client_program(&["reserve", "3", "2"])));
    assert!(status.success() && out.contains("118 left"), "{error}");
    processes::freeze(server.pid());
    let late = server.client_program(&["--timeout", "0.3", "view", "3"]);
    let (status, _, error) = run(&mut odd(&late));
    assert!(status.code() == Some(2) && error.contains("no answer within 0.3 s"), "{error}");
    let child = client_that_waits(&server, &["view", "3"]);
    kill(Pid::from_raw(child.id() as i32), Signal::SIGTERM).unwrap();
    assert_eq!(child.wait_with_output().unwrap().status.signal(), Some(libc::SIGTERM));
    killpg(Pid::from_raw(server.pid()), Signal::SIGCONT).unwrap();
    server.stop();
}

#[test]
fn a_plain_cargo_build_makes_the_first_lessons_programs() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml");
    let manifest = fs::read_to_string(manifest).unwrap();
    let members = manifest.lines().find(|line| line.starts_with("default-members")).unwrap();
    assert!(members.contains("\"q0-primitives\""), "{members}");
}

#[test]
fn every_program_begins_by_undoing_what_it_inherited() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let entries =
        |path: &Path| fs::read_dir(path).into_iter().flatten().map(|it| it.unwrap().path());
    let mut programs = 0;
    for package in entries(root).filter(|path| path.join("Cargo.toml").is_file()) {
        let main = [package.join("src/main.rs")].into_iter().filter(|path| path.is_file());
        for path in main.chain(entries(&package.join("src/bin"))) {
            let text = fs::read_to_string(&path).unwrap();
            let body = text.split("\nfn main()").nth(1).unwrap_or_default();
            let first = body.lines().skip(1).find(|line| !line.trim_start().starts_with("//"));
            assert_eq!(first, Some("    inherit_nothing();"), "{}", path.display());
            programs += 1;
        }
    }
    assert!(programs > 30, "{programs}");
}

#[apply(every_stage)]
fn a_stop_waits_for_no_reader_of_the_ready_line(stage: Stage) {
    let dir = tempfile::tempdir().unwrap();
    let (reader, writer) = std::io::pipe().unwrap();
    // Full to the last byte, so that a line has no room.
    fcntl(&writer, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).unwrap();
    while (&writer).write(&[b'x'; 4096]).is_ok() {}
    fcntl(&writer, FcntlArg::F_SETFL(OFlag::empty())).unwrap();
    let mut server = server_command(stage, &dir.path().join("run")).stdout(writer).spawn().unwrap();
    let pid = Pid::from_raw(server.id() as i32);
    let has_locked = || fs::read(dir.path().join("run/lock")).is_ok_and(|lock| !lock.is_empty());
    wait::until_true("it has its directory", SOON, has_locked);
    let waits = || {
        let call = fs::read_to_string(format!("/proc/{pid}/syscall")).unwrap_or_default();
        // In poll or ppoll without a deadline, or in write.
        ["7 ", "271 ", "1 "].iter().any(|number| call.starts_with(number))
    };
    wait::until_true("it waits", SOON, waits);
    kill(pid, Signal::SIGTERM).unwrap();
    let ended = wait::until(SOON, || server.try_wait().unwrap());
    if ended.is_none() {
        server.kill().unwrap();
        server.wait().unwrap();
    }
    assert_eq!(ended.and_then(|status| status.code()), Some(0), "{stage:?}");
    drop(reader);
}

#[apply(every_stage)]
fn a_log_file_that_is_the_servers_own_is_refused(stage: Stage) {
    let mut server = Server::start(stage);
    server.stop();
    let table = fs::read(server.data_file()).unwrap();
    for name in ["spectacles.dat", "./spectacles.dat", "lock"] {
        let mut command = server_command(stage, &server.dir());
        let (status, _, error) = run(command.arg("--log-file").arg(server.dir().join(name)));
        let is_refused = error.contains("it is the server's own file");
        assert!(status.code() == Some(2) && is_refused, "{error}");
        assert_eq!(fs::read(server.data_file()).unwrap(), table);
    }
}
