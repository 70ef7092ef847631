//! What a client's user can do when no server of the client's stage is to be found.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::Path;

use nix::errno::Errno;

use crate::lock::Holder;
use crate::process;
use crate::shell;

/// The next step after an error, in parentheses behind a space; nothing if the error has other
/// reasons than a server that is not there.
///
/// `holder` is what the lock file of DIR says, `package` the client's stage.
pub fn no_server(error: &io::Error, dir: &Path, holder: Option<&Holder>, package: &str) -> String {
    match error.raw_os_error().map(Errno::from_raw) {
        Some(Errno::ENOENT | Errno::ENXIO | Errno::EIDRM) => next_step(dir, holder, package),
        Some(Errno::ENOSYS) => {
            " (this kernel, or the container, has no System V IPC: q1-pipes and q5-sockets need none)"
                .into()
        }
        _ => String::new(),
    }
}

/// What can be done where no server answers, in parentheses behind a space.
pub fn next_step(dir: &Path, holder: Option<&Holder>, package: &str) -> String {
    match holder {
        Some(Holder { pid, package: other, .. }) if process::is_alive(*pid) => {
            if other == package {
                format!(" ({package}, process {pid}, is starting or stopping: try again)")
            } else {
                format!(" ({other}, process {pid}, runs there: use its client)")
            }
        }
        _ => {
            let package = holder.map_or(package, |holder| &holder.package);
            let dir = shell::quoted(dir);
            format!(
                " (is the server running? start it with: cargo run -p {package} --bin server -- --dir {dir})"
            )
        }
    }
}

/// As [`no_server`], where a message queue was not found: one that is made in another IPC namespace
/// exists, but not here. See ipc_namespaces(7).
pub fn no_queue(error: &io::Error, dir: &Path, holder: Option<&Holder>, package: &str) -> String {
    match holder {
        Some(Holder { pid, package, .. }) if is_elsewhere(*pid) => format!(
            " ({package}, process {pid}, runs in another IPC namespace: run its client there)"
        ),
        _ => no_server(error, dir, holder, package),
    }
}

/// The next step after a connection to `server`, HOST:PORT, was not made: as [`no_server`].
pub fn no_listener(error: &io::Error, server: &str, package: &str) -> String {
    if error.kind() != io::ErrorKind::ConnectionRefused {
        return String::new();
    }
    // A server listens on addresses. What another machine's name stands for, we cannot say.
    let (place, listen) = match (server.parse::<SocketAddr>(), server.rsplit_once(':')) {
        (Err(_), Some(("localhost", port))) => ("", format!("127.0.0.1:{port}")),
        (Err(_), Some((_, port))) => (" on its machine", format!("0.0.0.0:{port}")),
        _ => ("", server.to_owned()),
    };
    format!(
        " (is the server running? start it{place} with: cargo run -p {package} --bin server -- --listen {listen})"
    )
}

/// Whether a process is known to have another IPC namespace than this one.
fn is_elsewhere(pid: i32) -> bool {
    let namespace = |process: &str| fs::read_link(format!("/proc/{process}/ns/ipc"));
    match (namespace(&pid.to_string()), namespace("self")) {
        (Ok(its), Ok(ours)) => its != ours,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_step_depends_on_who_holds_the_directory() {
        let hint = |pid: u32, package: &str| {
            let holder = Holder { pid: pid as i32, package: package.into(), objects: vec![] };
            next_step(Path::new("a b"), Some(&holder), "q8-mine")
        };
        let me = std::process::id();
        assert_eq!(hint(me, "q9"), format!(" (q9, process {me}, runs there: use its client)"));
        assert!(hint(me, "q8-mine").contains("is starting or stopping"));
        assert!(
            hint(i32::MAX as u32, "q9").contains("cargo run -p q9 --bin server -- --dir 'a b')")
        );
        assert!(next_step(Path::new("run"), None, "q8-mine").contains("-p q8-mine"));
    }

    #[test]
    fn a_server_is_to_listen_where_it_was_asked_for() {
        let refused = io::Error::from(Errno::ECONNREFUSED);
        for (server, listen) in [
            (
                "127.0.0.1:5000",
                "start it with: cargo run -p q9 --bin server -- --listen 127.0.0.1:5000)",
            ),
            ("[::1]:4777", "--listen [::1]:4777)"),
            ("localhost:4777", "--listen 127.0.0.1:4777)"),
            (
                "box-office.example:7",
                "on its machine with: cargo run -p q9 --bin server -- --listen 0.0.0.0:7)",
            ),
        ] {
            let hint = no_listener(&refused, server, "q9");
            assert!(hint.ends_with(listen), "{hint}");
        }
        assert_eq!(no_listener(&Errno::EHOSTUNREACH.into(), "10.0.0.1:1", "q9"), "");
    }

    #[test]
    fn an_error_that_has_another_reason_gets_no_advice_to_start_a_server() {
        let hint = |errno: Errno| no_server(&errno.into(), Path::new("run"), None, "q8-mine");
        assert!(hint(Errno::ENOENT).contains("is the server running?"));
        assert!(hint(Errno::ENOSYS).contains("System V IPC"));
        for errno in [Errno::EACCES, Errno::EPERM, Errno::ENOTDIR, Errno::EMFILE] {
            assert_eq!(hint(errno), "");
        }
    }
}
