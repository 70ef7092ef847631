//! Hints: true, and ready to be pasted.

use crate::{every_stage, run};
use harness::machine::capability::{Capability, has};
use harness::server::Server;
use harness::stage::{Mechanism, Stage, skip};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, SockaddrIn, bind, getsockname, socket};
use rstest_reuse::apply;
use std::ffi::OsStr;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::process::Command;

#[apply(every_stage)]
fn a_hint_can_be_pasted_into_a_shell(stage: Stage) {
    if !stage.mechanism().is_found_through_dir() {
        return;
    }
    let base = tempfile::tempdir().unwrap();
    for name in [&b"run"[..], b"a b/run", b"--weird", b"it's", b"a\nb", b"\xff\xfe", b"$HOME"] {
        let mut argument = b"--dir=".to_vec();
        argument.extend(name);
        let mut command = Command::new(stage.client());
        let command = command.arg(OsStr::from_bytes(&argument)).arg("list").current_dir(&base);
        let output = command.output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        let hint = error.split_once("start it with: ").unwrap_or_else(|| panic!("{error}")).1;
        let hint = hint.trim_end().strip_suffix(')').unwrap();
        let script = format!("cargo() {{ printf %s \"${{@: -1}}\"; }}\n{hint}");
        let pasted = Command::new("bash").args(["-c", &script]).output().unwrap();
        let start: &[u8] = if name.starts_with(b"-") { b"./" } else { b"" };
        assert_eq!(pasted.stdout, [start, name].concat(), "{hint}");
    }
}

#[apply(every_stage)]
fn a_hint_follows_from_the_error(stage: Stage) {
    if !stage.mechanism().is_found_through_dir() {
        return;
    }
    let server = Server::start(stage);
    let file = server.data_file().join("run");
    let (status, _, error) = run(Command::new(stage.client()).arg("--dir").arg(file).arg("list"));
    assert_eq!(status.code(), Some(2));
    assert!(error.trim_end().ends_with("Not a directory"), "{error}");
    if stage.mechanism() != Mechanism::Queues {
        return;
    }
    let client = server.client_program(&["list"]);
    let by = |program: &str, options: &[&str]| {
        let mut command = Command::new(program);
        command.args(options).arg(client.get_program()).args(client.get_args());
        run(&mut command).2
    };
    for (errno, words) in [
        ("EACCES", "Permission denied\n"),
        ("EPERM", "has no System V IPC: q1-pipes and q5-sockets need none)\n"),
        ("ENOSYS", "has no System V IPC: q1-pipes and q5-sockets need none)\n"),
    ] {
        let fault = format!("inject=msgget:error={errno}");
        let error = by("strace", &["-f", "-qq", "-o", "/dev/null", "-e", &fault]);
        assert!(error.ends_with(words), "{errno}: {error}");
    }
    if !has(&[Capability::SysAdmin]) {
        return skip("a_hint_follows_from_the_error", "CAP_SYS_ADMIN, to make an IPC namespace");
    }
    let error = by("unshare", &["-i"]);
    let place = format!("process {}, runs in another IPC namespace", server.pid());
    assert!(error.contains(&place), "{error}");
}

#[apply(every_stage)]
fn a_hint_names_the_port_or_the_name_that_was_asked_for(stage: Stage) {
    if !stage.mechanism().has_address() {
        return;
    }
    // Bound and not listened on: nobody else gets the port meanwhile.
    let bound = socket(AddressFamily::Inet, SockType::Stream, SockFlag::empty(), None);
    let end = bound.unwrap();
    let any = SockaddrIn::new(127, 0, 0, 1, 0);
    bind(end.as_raw_fd(), &any).unwrap();
    let bound: SockaddrIn = getsockname(end.as_raw_fd()).unwrap();
    let ask =
        |server: &str| run(Command::new(stage.client()).args(["--connect", server, "list"])).2;
    let error = ask(&format!("localhost:{}", bound.port()));
    let hint =
        format!("-p {} --bin server -- --listen 127.0.0.1:{})", stage.package(), bound.port());
    assert!(error.contains(&hint), "{error}");
    let error = ask("nobody.invalid:5000");
    assert!(error.contains("DNS") && !error.contains("start it"), "{error}");
}
