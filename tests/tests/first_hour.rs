//! What a new user meets in the first hour: pipes that close, a full disk behind `>`, Ctrl-C, odd
//! paths, an odd umask, a narrow terminal.
#![expect(clippy::unwrap_used, reason = "a test's helpers may panic as the test itself")]

use std::ffi::OsStr;
use std::fs::{self, File, Permissions};
use std::io::Write;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use harness::c::Program;
use harness::server::Server;
use harness::stage::{Mechanism, Stage, is_ours, skip};
use harness::target::Target;
use harness::{processes, wait};
use nix::sys::signal::{Signal, kill, killpg};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, SockaddrIn, bind, getsockname, socket};
use nix::unistd::Pid;
use rstest_reuse::{apply, template};

/// One case for each stage, named after it.
#[template]
#[rstest::rstest]
#[case::q1_pipes(Stage::Q1Pipes)]
#[case::q2_msgqueue(Stage::Q2Msgqueue)]
#[case::q3_threads(Stage::Q3Threads)]
#[case::q4_thread_per_request(Stage::Q4ThreadPerRequest)]
#[case::q5_sockets(Stage::Q5Sockets)]
#[case::q6_watchdog(Stage::Q6Watchdog)]
fn every_stage(#[case] stage: Stage) {}

/// Longer than anything here takes on a loaded machine.
const SOON: Duration = Duration::from_secs(10);

/// Runs a command to its end: its status, stdout and stderr.
fn run(command: &mut Command) -> (ExitStatus, String, String) {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status, text(&output.stdout), text(&output.stderr))
}

/// Runs a command whose stdout is a pipe that nobody reads.
fn run_unread(command: &mut Command) -> (ExitStatus, String) {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    run_into(command, writer)
}

/// Runs a command whose stdout is this.
fn run_into(command: &mut Command, out: impl Into<Stdio>) -> (ExitStatus, String) {
    let child = command.stdin(Stdio::null()).stdout(out).stderr(Stdio::piped()).spawn().unwrap();
    let output = child.wait_with_output().unwrap();
    (output.status, String::from_utf8(output.stderr).unwrap())
}

#[apply(every_stage)]
fn a_reader_that_has_enough_ends_the_client_without_a_word(stage: Stage) {
    let server = Server::start(stage);
    for words in [&["list"][..], &["view", "1"], &["--json", "list"], &[]] {
        let (status, error) = run_unread(&mut server.client_program(words));
        assert_eq!((status.signal(), error.as_str()), (Some(libc::SIGPIPE), ""), "{words:?}");
    }
}

#[apply(every_stage)]
fn an_answer_to_a_reservation_that_cannot_be_printed_is_repeated(stage: Stage) {
    let server = Server::start(stage);
    let full = || File::options().write(true).open("/dev/full").unwrap();
    let ask = |words: &[&str]| run_into(&mut server.client_program(words), full());
    for (words, told) in [
        (&["reserve", "1", "1"][..], "show 1: 1 seat reserved, 199 left"),
        (&["reserve", "99", "1"], "show 99: there is no such show"),
        (&["--json", "reserve", "1", "2"], "show 1: 2 seats reserved, 197 left"),
    ] {
        let (status, error) = ask(words);
        assert_eq!(status.code(), Some(3), "{words:?}: {error}");
        assert!(error.contains(told) && error.contains("No space left on device"), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
    let (status, error) = run_unread(&mut server.client_program(&["reserve", "1", "1"]));
    assert_eq!(status.code(), Some(3), "{error}");
    assert!(
        error.contains("1 seat reserved, 196 left") && error.contains("Broken pipe"),
        "{error}"
    );
    // What can be asked for again is not repeated.
    let (status, error) = ask(&["view", "1"]);
    assert_eq!(status.code(), Some(2), "{error}");
    assert!(error.contains("cannot write to standard output") && !error.contains("196"), "{error}");
}

#[apply(every_stage)]
fn json_has_the_fields_that_its_status_defines(stage: Stage) {
    let server = Server::start(stage);
    let ask = |words: &[&str]| {
        let (_, out, error) = run(&mut server.client_program(&[&["--json"], words].concat()));
        assert_eq!(error, "");
        let object: serde_json::Value = serde_json::from_str(&out).unwrap();
        let fields = object.as_object().unwrap().keys().map(String::as_str);
        let mut fields: Vec<String> = fields.map(str::to_owned).collect();
        fields.sort();
        (object["status"].as_str().unwrap().to_owned(), fields.join(" "))
    };
    let is = |status: &str, fields: &str| (status.to_owned(), fields.to_owned());
    assert_eq!(ask(&["view", "99"]), is("unknown_show", "server show status"));
    assert_eq!(ask(&["reserve", "1", "0"]), is("bad_seats", "server show status"));
    assert_eq!(ask(&["reserve", "1", "999"]), is("not_enough_seats", "seats server show status"));
    assert_eq!(ask(&["reserve", "1", "1"]), is("ok", "seats server show status"));
    assert_eq!(ask(&["list"]), is("ok", "shows status"));
}

#[apply(every_stage)]
fn the_log_has_the_protocols_words(stage: Stage) {
    if !is_ours("the_log_has_the_protocols_words") {
        return;
    }
    let mut server = Server::prepare(stage, &["--log-level", "debug"]);
    server.launch();
    let mut client = server.client();
    client.reserve(1, 1);
    client.reserve(1, 0);
    client.view(1);
    let has = |words: &str| server.log().contains(words);
    for words in [" reserve: ok ", " reserve: bad_seats ", " view: ok "] {
        wait::until_true(words, SOON, || has(words));
    }
}

#[apply(every_stage)]
fn every_program_says_its_version(stage: Stage) {
    for (name, program) in
        [("server", Target::from(stage).program().to_owned()), ("client", stage.client())]
    {
        let (status, out, error) = run(Command::new(program).arg("--version"));
        assert!(status.success() && error.is_empty(), "{error}");
        assert_eq!(out, format!("{name} {}\n", env!("CARGO_PKG_VERSION")));
    }
}

#[apply(every_stage)]
fn an_unfinished_line_at_the_menu_is_no_order(stage: Stage) {
    let server = Server::start(stage);
    let mut command = server.client_program(&[]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"2\n1\n2").unwrap();
    let output = child.wait_with_output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && out.contains("an unfinished line is ignored"), "{out}");
    assert_eq!(server.client().view(1), 200);
}

/// Starts a client of a server that is stopped, and waits until it sleeps in the call that receives.
fn client_that_waits(server: &Server, words: &[&str]) -> Child {
    let mut command = server.client_program(words);
    let child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let receives = [libc::SYS_read, libc::SYS_msgrcv, libc::SYS_recvfrom];
    let call = format!("/proc/{}/syscall", child.id());
    wait::until_true("the client waits", SOON, || {
        let call = fs::read_to_string(&call).unwrap_or_default();
        let number = call.split(' ').next().unwrap_or_default().parse();
        // Of a read, the descriptor too: the dynamic linker's are short and of regular files.
        number.is_ok_and(|number: i64| receives.contains(&number))
            && processes::of_process(child.id() as i32).iter().all(|thread| thread.state == 'S')
    });
    child
}

#[apply(every_stage)]
fn a_client_that_is_interrupted_says_what_it_does_not_know(stage: Stage) {
    let server = Server::start(stage);
    let group = Pid::from_raw(server.pid());
    processes::freeze(server.pid());
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        for (words, unknown) in [(&["reserve", "1", "1"][..], true), (&["view", "1"], false)] {
            let child = client_that_waits(&server, words);
            kill(Pid::from_raw(child.id() as i32), signal).unwrap();
            let output = child.wait_with_output().unwrap();
            let error = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.signal(), Some(signal as i32), "{error}");
            assert_eq!(error.contains("the outcome is unknown"), unknown, "{error}");
            assert_eq!(error.lines().count(), usize::from(unknown), "{error}");
        }
    }
    let files = fs::read_dir(server.dir()).unwrap().map(|entry| entry.unwrap().file_name());
    let replies = files.filter(|name| name.to_string_lossy().starts_with("reply."));
    assert_eq!(replies.count(), 0, "reply FIFOs stay");
    killpg(group, Signal::SIGCONT).unwrap();
}

/// A run of a program by a shell that has done something first.
fn after(preparation: &str, command: &Command) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{preparation}; exec \"$0\" \"$@\"")]);
    shell.arg(command.get_program()).args(command.get_args());
    shell
}

fn server_command(stage: Stage, dir: &Path) -> Command {
    let mut command = Command::new(Target::from(stage).program());
    command.arg("--dir").arg(dir);
    if stage.mechanism().has_address() {
        command.args(["--listen", "127.0.0.1:0"]);
    }
    command
}

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
    if !nix::unistd::geteuid().is_root() {
        return skip("a_hint_follows_from_the_error", "root, to make an IPC namespace");
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

#[apply(every_stage)]
fn a_list_fits_a_narrow_terminal(stage: Stage) {
    let server = Server::start(stage);
    let client = server.client_program(&["list"]);
    let words = client.get_args().map(|word| word.to_str().unwrap().to_owned());
    let words: Vec<_> =
        [client.get_program().to_str().unwrap().to_owned()].into_iter().chain(words).collect();
    for columns in [40, 80] {
        let shell = format!("stty cols {columns}; '{}'", words.join("' '"));
        let (status, out, error) = run(Command::new("script").args(["-qec", &shell, "/dev/null"]));
        assert!(status.success(), "{out}{error}");
        let widest = out.lines().map(|line| line.trim_end().chars().count()).max().unwrap();
        assert!(widest <= columns && out.lines().count() == 9, "{widest}:\n{out}");
        assert_eq!(out.contains("Le Songe d'une nuit d'été"), columns == 80, "{out}");
    }
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
