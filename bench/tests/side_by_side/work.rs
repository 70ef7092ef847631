//! A server that does not do the work of a box office.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use harness::stage::{program, skip};
use tempfile::TempDir;

use crate::small_run::{assert_nothing_left, bench, text};

#[test]
fn a_server_that_does_not_do_the_work_has_no_row() {
    let out = tempfile::tempdir().unwrap();
    let refused = |server: &Path, protocol: &str| {
        let words = ["--quick", "--stages", "none", "--protocol", protocol];
        let output = bench(out.path(), &words).arg("--server").arg(server).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{}", text(&output));
        assert!(!out.path().join("results.json").exists());
        assert_nothing_left(out.path());
        text(&output)
    };
    let said = refused(&program("wrong-server"), "msgqueue");
    assert!(said.contains("wrong-server did not do the work"), "{said}");
    assert!(said.contains("it sells nothing"), "{said}");
    let said = refused(Path::new("/bin/true"), "pipes");
    assert!(said.contains("true did not do the work"), "{said}");
    // Another library in front of the C library's: all is right but the disk.
    let Some(library) = no_sync(&out) else { return };
    let shell = out.path().join("lazy-server");
    let q1 = program("q1-pipes-server");
    let script =
        format!("#!/bin/sh\nLD_PRELOAD={} exec {} \"$@\"\n", library.display(), q1.display());
    fs::write(&shell, script).unwrap();
    fs::set_permissions(&shell, Permissions::from_mode(0o700)).unwrap();
    let said = refused(&shell, "pipes");
    assert!(said.contains("lazy-server did not do the work"), "{said}");
    assert!(said.contains("it syncs nothing"), "{said}");
}

/// A library in which fdatasync does nothing; None, and a word about it, where none can be made or
/// where nobody could see the difference.
fn no_sync(out: &TempDir) -> Option<PathBuf> {
    let test = "a_server_that_does_not_do_the_work_has_no_row";
    let (source, library) = (out.path().join("lazy.c"), out.path().join("lazy.so"));
    let has_strace = Command::new("strace").arg("-V").output().is_ok();
    if !harness::c::is_there("cc") || !has_strace {
        skip(test, "cc and strace");
        return None;
    }
    fs::write(&source, "int fdatasync(int file) { (void)file; return 0; }\n").unwrap();
    let mut command = Command::new("cc");
    command.args(["-shared", "-fPIC", "-o"]).arg(&library).arg(&source);
    assert!(command.status().unwrap().success());
    Some(library)
}
