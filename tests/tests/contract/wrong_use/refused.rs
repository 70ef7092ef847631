//! What a server is given that refuses to start, and what it says.

use std::path::Path;
use std::process::{Command, Output};

use harness::stage::Stage;
use harness::target::Target;

/// A show for the option `--shows`, right or wrong.
pub(crate) fn show(title: &str, date: &str, seats: &str) -> String {
    format!("[[show]]\ntitle = \"{title}\"\ndate = \"{date}\"\nseats = {seats}\n")
}

/// What a program has said on stderr.
pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The error of a server that should refuse to start.
pub(crate) fn refused(output: &Output) -> String {
    let error = stderr(output);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{error}");
    assert!(error.lines().last().is_some_and(|line| line.starts_with("server: ")), "{error}");
    error
}

/// What a server says that is to serve `base/run` on 8 KiB of memory, in a mount namespace of its
/// own, after a command of the shell; and what is in DIR then. It should refuse.
pub(crate) fn mounted(stage: Stage, base: &Path, prepare: &str) -> String {
    let script = format!(
        "mount -t tmpfs -o mode=0700,size=8k tmpfs '{0}' && {prepare} && '{1}' --dir '{0}/run'; \
         status=$?; ls '{0}/run' 2>/dev/null | sed 's/^/has /'; exit $status",
        base.display(),
        Target::from(stage).program().display(),
    );
    let output = Command::new("unshare").args(["-m", "-i", "sh", "-c", &script]).output();
    let output = output.expect("util-linux is installed");
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    assert_eq!(output.status.code(), Some(2), "{text}");
    text
}
