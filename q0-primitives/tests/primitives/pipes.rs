//! The programs about pipes: the keyboard exercise both ways, a full pipe, a pipeline.

use std::ffi::OsStr;
use std::fs;
use std::io::pipe;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::process::{Command, Output};

use common::program::process;
use nix::fcntl::{FcntlArg, fcntl};

use crate::program::{Program, number, pid, status};

#[test]
fn what_one_process_reads_at_the_keyboard_the_other_shows() {
    for from in ["parent", "child"] {
        let mut program = Program::start(env!("CARGO_BIN_EXE_pipe"), &["--from", from]);
        let typist = pid(&program.line("reads the keyboard"), "process");
        assert_eq!(typist == program.pid(), from == "parent");
        for (text, bytes) in [("un\n", 3), ("d\u{e9}j\u{e0} vu\n", 10)] {
            program.types(text);
            // At once, while the keyboard is still open.
            let line = program.line(text.trim_end());
            assert_eq!(number(&line, "read"), bytes);
            let (shower, parent) = (pid(&line, "process"), program.pid());
            assert_ne!(shower, typist);
            let child = if from == "parent" { shower } else { typist };
            assert_eq!(status(child, "PPid"), parent.to_string());
        }
        let (status, lines) = program.end();
        assert!(status.success());
        assert_eq!(number(lines.last().unwrap(), "read"), 13, "end of file passes on");
    }
}

#[test]
fn a_pipe_holds_what_the_kernel_says_and_then_its_writer_sleeps() {
    let mut program = Program::start(env!("CARGO_BIN_EXE_pipe-capacity"), &[]);
    let (_reader, writer) = pipe().unwrap();
    let capacity = i64::from(fcntl(&writer, FcntlArg::F_GETPIPE_SZ).unwrap());
    let line = program.line("filled the pipe");
    assert!(line.starts_with(&format!("{capacity} bytes")), "{line}");
    assert_eq!(number(&line, "gives"), capacity);
    assert!(program.line("a write of 4096 bytes").ends_with("Err(EAGAIN)"), "all or nothing");
    let part = program.line("a write of 5000 bytes");
    let part: i64 = part.rsplit_once("Ok(").unwrap().1.trim_end_matches(')').parse().unwrap();
    assert!(part < 4096, "a part");
    let child = pid(&program.line("sleeps in write"), "child");
    program.line("press Enter");
    assert_eq!(process::state(child.as_raw()), Some('S'));
    program.enter();
    let line = program.line("bytes read, then 0");
    let total = capacity - 4095 + part + 4096;
    assert!(line.ends_with(&format!("exited with status 0; {total} bytes read, then 0")), "{line}");
    program.line("Err(EPIPE)");
    program.line("was killed by SIGPIPE");
    assert!(program.end().0.success());
}

#[test]
fn the_pipeline_gives_what_the_shell_gives() {
    let directory = tempfile::tempdir().unwrap();
    let many: String = (0..20_000).map(|n| format!("line {}\n", n % 7_000)).collect();
    let files: [(&str, &[u8]); 7] = [
        ("words", b"pear\nApple\napple\nplum\nPear\n-x\n--\n"),
        ("empty", b""),
        ("unended", b"apple\npear"),
        ("binary", b"apple\0\npear\n"),
        ("latin", b"caf\xe9\ncafe\n"),
        ("-dashed", b"-x\napple\n"),
        ("many", many.as_bytes()),
    ];
    for (name, bytes) in files {
        fs::write(directory.path().join(name), bytes).unwrap();
    }
    let names = files.map(|(name, _)| name).into_iter().chain(["missing", "."]);
    for file in names {
        for pattern in ["apple", "p", "", "^$", "-x", "--", "--help.", "[", "nothing", "a\np", "7$"]
        {
            let run =
                |command: &mut Command| command.current_dir(directory.path()).output().unwrap();
            let ours =
                run(Command::new(env!("CARGO_BIN_EXE_pipeline")).args(["--", pattern, file]));
            let script = r#"grep -e "$1" -- "$2" | sort -uf | wc -l"#;
            let shells = run(Command::new("sh").args(["-c", script, "sh", pattern, file]));
            let result = |output: &Output| {
                let text = String::from_utf8_lossy(&output.stdout).into_owned();
                // Ours says on standard error who is who.
                let errors = String::from_utf8_lossy(&output.stderr).into_owned();
                let errors = errors.lines().filter(|line| !line.contains("from another terminal:"));
                (output.status.code(), text, errors.map(str::to_owned).collect::<Vec<_>>())
            };
            assert_eq!(result(&ours), result(&shells), "{pattern:?} in {file}");
        }
    }
    let bytes = [OsStr::from_bytes(b"\xe9"), OsStr::new("latin")];
    let mut command = Command::new(env!("CARGO_BIN_EXE_pipeline"));
    let output = command.current_dir(directory.path()).args(bytes).env("LC_ALL", "C").output();
    assert_eq!(output.unwrap().stdout, b"1\n", "a pattern need not be UTF-8");
}

/// What the descriptors of a process behind standard error lead to; the runner may leave it some.
fn descriptors(pid: &str) -> Vec<PathBuf> {
    let directory = fs::read_dir(format!("/proc/{pid}/fd")).expect("the process is there");
    let number = |name: &OsStr| name.to_str().and_then(|name| name.parse::<u32>().ok());
    let mut paths: Vec<_> = directory
        .filter_map(Result::ok)
        .filter(|entry| number(&entry.file_name()) > Some(2))
        .filter_map(|entry| fs::read_link(entry.path()).ok())
        .collect();
    paths.sort();
    paths
}

#[test]
fn three_processes_run_at_once_and_hold_no_end_that_is_not_theirs() {
    let mut program = Program::start(env!("CARGO_BIN_EXE_pipeline"), &["a", "-"]);
    let children = format!("/proc/{0}/task/{0}/children", program.pid());
    let children = || fs::read_to_string(&children).unwrap();
    let name = |pid: &str| fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    let names = || children().split_whitespace().map(name).collect::<String>();
    program.until(|| names() == "grep\nsort\nwc\n");
    // The program itself has closed every end, and so has each child when it was executed.
    let inherited = descriptors(&std::process::id().to_string());
    for pid in children().split_whitespace().chain([&*program.pid().to_string()]) {
        program.until(|| descriptors(pid).iter().all(|path| inherited.contains(path)));
    }
    program.types("a\nA\nab\n");
    let (status, lines) = program.end();
    assert_eq!((status.code(), lines), (Some(0), vec!["2".to_owned()]));
}
