//! A server that does not do the work of a box office.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use harness::stage::{program, skip};
use tempfile::TempDir;

use crate::small_run::{assert_nothing_left, bench, text};

/// fdatasync does nothing.
const NO_SYNC: &str = "int fdatasync(int file) { (void)file; return 0; }\n";
/// The first three writes are made, and no more.
const NO_WRITE: &str = "#define _GNU_SOURCE\n#include <dlfcn.h>\n#include <unistd.h>\n\
    ssize_t pwrite64(int file, const void *from, size_t size, off64_t at) {\n\
        static int calls;\n\
        ssize_t (*real)(int, const void *, size_t, off64_t) = dlsym(RTLD_NEXT, \"pwrite64\");\n\
        return ++calls > 3 ? (ssize_t)size : real(file, from, size, at);\n\
    }\n";

/// The bench refuses a server, and leaves nothing; what it says.
fn refused(out: &TempDir, server: &Path, protocol: &str) -> String {
    let words = ["--quick", "--counts", "--stages", "none", "--protocol", protocol];
    let output = bench(out.path(), &words).arg("--server").arg(server).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    assert!(!out.path().join("results.json").exists());
    assert_nothing_left(out.path());
    text(&output)
}

#[test]
fn a_server_that_does_not_do_the_work_has_no_row() {
    let out = tempfile::tempdir().unwrap();
    let said = refused(&out, &program("wrong-server"), "msgqueue");
    assert!(said.contains("wrong-server did not do the work"), "{said}");
    assert!(said.contains("it sells nothing"), "{said}");
    let said = refused(&out, Path::new("/bin/true"), "pipes");
    assert!(said.contains("true did not do the work"), "{said}");
}

#[test]
fn a_server_that_syncs_or_writes_nothing_has_no_row() {
    let name = "a_server_that_syncs_or_writes_nothing_has_no_row";
    if !harness::c::is_there("cc") || Command::new("strace").arg("-V").output().is_err() {
        return skip(name, "cc and strace");
    }
    let out = tempfile::tempdir().unwrap();
    let server = behind(&out, "lazy-server", NO_SYNC);
    let said = refused(&out, &server, "pipes");
    assert!(said.contains("lazy-server did not do the work"), "{said}");
    assert!(said.contains("it syncs nothing"), "{said}");
    let server = behind(&out, "forgetful-server", NO_WRITE);
    let said = refused(&out, &server, "pipes");
    assert!(said.contains("forgetful-server did not do the work"), "{said}");
    // Which of its writes is lost decides where that shows: in the file, or in the sum.
    let shows = ["its data file says", "acknowledged 100 seats"];
    assert!(shows.iter().any(|words| said.contains(words)), "{said}");
}

/// q1's server behind a library in front of the C library's calls.
fn behind(out: &TempDir, name: &str, source: &str) -> PathBuf {
    let of = |extension: &str| out.path().join(name).with_extension(extension);
    let (code, library, script) = (of("c"), of("so"), out.path().join(name));
    fs::write(&code, source).unwrap();
    let mut command = Command::new("cc");
    command.args(["-shared", "-fPIC", "-o"]).arg(&library).arg(&code).arg("-ldl");
    assert!(command.status().unwrap().success());
    let (library, server) = (library.display(), program("q1-pipes-server"));
    let server = server.display();
    fs::write(&script, format!("#!/bin/sh\nLD_PRELOAD={library} exec {server} \"$@\"\n")).unwrap();
    fs::set_permissions(&script, Permissions::from_mode(0o700)).unwrap();
    script
}
