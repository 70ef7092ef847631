//! The programs about FIFOs.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::process::Command;

use nix::fcntl::{FcntlArg, OFlag, fcntl};

use crate::program::{Program, number, pid};

const SEND: &str = env!("CARGO_BIN_EXE_fifo-send");
const RECEIVE: &str = env!("CARGO_BIN_EXE_fifo-receive");

#[test]
fn a_line_reaches_a_process_that_is_no_relative() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a fifo");
    let name = path.to_str().unwrap();
    let receiver = Program::start(RECEIVE, &[name]);
    receiver.line("open sleeps");
    let metadata = fs::metadata(&path).unwrap();
    assert!(metadata.file_type().is_fifo());
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
    let mut sender = Program::start(SEND, &[name]);
    for text in ["hello\n", "again\n"] {
        sender.types(text);
        let line = receiver.line(text.trim_end());
        assert_eq!((pid(&line, "process"), number(&line, "read")), (receiver.pid(), 6));
    }
    assert!(sender.end().0.success());
    let line = receiver.line("end of file");
    assert_eq!(number(&line, "read"), 12);
    assert!(receiver.end().0.success());
    assert!(!path.exists(), "its maker has removed it");
}

/// A receiver's end that never sleeps.
fn open(path: &Path) -> File {
    OpenOptions::new()
        .read(true)
        .custom_flags(OFlag::O_NONBLOCK.bits())
        .open(path)
        .expect("the FIFO is there")
}

#[test]
fn what_is_buffered_is_not_in_the_fifo_until_it_is_flushed() {
    for (arguments, kept) in [(&[][..], 0), (&["--buffered"][..], 6)] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("fifo");
        let mut sender = Program::start(SEND, &[&[path.to_str().unwrap()], arguments].concat());
        sender.line("open sleeps");
        let mut receiver = open(&path);
        sender.types("hello\n");
        assert_eq!(number(&sender.line("bytes typed"), "typed"), kept);
        let mut bytes = [0; 100];
        let found = receiver.read(&mut bytes);
        if kept == 0 {
            assert_eq!(&bytes[..found.unwrap()], b"hello\n", "it is there at once");
        } else {
            assert_eq!(found.unwrap_err().kind(), ErrorKind::WouldBlock, "the FIFO is empty");
        }
        let (status, lines) = sender.end();
        assert!(status.success());
        assert_eq!(number(lines.last().unwrap(), "flushed"), kept);
        fcntl(&receiver, FcntlArg::F_SETFL(OFlag::empty())).unwrap();
        let mut rest = String::new();
        receiver.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, if kept == 0 { "" } else { "hello\n" });
    }
}

#[test]
fn nobody_waits_for_ever_for_the_other_end() {
    let directory = tempfile::tempdir().unwrap();
    let programs = [SEND, RECEIVE].map(|program| {
        let path = directory.path().join(program.rsplit_once('/').unwrap().1);
        Program::start(program, &["--seconds", "1", path.to_str().unwrap()])
    });
    for program in programs {
        let (status, _) = program.end();
        assert_eq!(status.code(), Some(2));
    }
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0, "no FIFO is left behind");
}

#[test]
fn a_file_that_is_no_fifo_is_left_alone() {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), "precious").unwrap();
    for program in [SEND, RECEIVE] {
        let output = Command::new(program).arg(file.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8(output.stderr).unwrap().ends_with("it is not a FIFO\n"));
        assert_eq!(fs::read_to_string(file.path()).unwrap(), "precious");
    }
}
