//! What a client's user can do when no server of the client's stage is to be found.

use std::io;
use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context, bail};
use nix::errno::Errno;

use crate::program::process;
use crate::program::shell;
use crate::program::system_v;
use crate::server::lock::Holder;
use crate::server::origin::Namespaces;

/// The next step after an error, in parentheses behind a space; nothing if the error has other
/// reasons than a server that is not there.
///
/// `holder` is what the lock file of DIR says, `package` the client's stage.
pub fn no_server(error: &io::Error, dir: &Path, holder: Option<&Holder>, package: &str) -> String {
    match error.raw_os_error().map(Errno::from_raw) {
        Some(Errno::ENOENT | Errno::ENXIO | Errno::EIDRM) => next_step(dir, holder, package),
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

/// As [`no_server`], where a message queue was not found.
pub fn no_queue(error: &io::Error, dir: &Path, holder: Option<&Holder>, package: &str) -> String {
    match system_v::hint(error) {
        "" => no_server(error, dir, holder, package),
        hint => hint.into(),
    }
}

/// Refuses to ask a server whose replies cannot reach this process: in another PID namespace its id
/// is another process's, or nobody's, and several clients have the same one.
///
/// See pid_namespaces(7).
///
/// # Errors
/// Says where the server was started.
pub fn check_processes(dir: &Path, holder: Option<&Holder>) -> anyhow::Result<()> {
    check_namespace("PID", dir, holder, |namespaces| &namespaces.pid)
}

/// Refuses to look for queues that are made in another IPC namespace: what has their key or id here is
/// somebody else's. See ipc_namespaces(7).
///
/// # Errors
/// Says where the server was started.
pub fn check_queues(dir: &Path, holder: Option<&Holder>) -> anyhow::Result<()> {
    check_namespace("IPC", dir, holder, |namespaces| &namespaces.ipc)
}

fn check_namespace(
    name: &str,
    dir: &Path,
    holder: Option<&Holder>,
    of: impl Fn(&Namespaces) -> &String,
) -> anyhow::Result<()> {
    let Some(Holder { pid, package, origin, .. }) = holder else { return Ok(()) };
    let own = Namespaces::own().context("cannot tell where this process runs")?;
    // A server that was written by somebody else need not say it.
    if of(&origin.namespaces).is_empty() || of(&origin.namespaces) == of(&own) {
        return Ok(());
    }
    let is_visible = origin.namespaces.pid == own.pid;
    if is_visible && !process::is_alive(*pid) {
        return Ok(());
    }
    let verb = if is_visible { "runs" } else { "was started" };
    bail!(
        "cannot reach the server of {}: {package}, process {pid}, {verb} in another {name} namespace: \
         run its client there, or start a server here",
        dir.display()
    );
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_step_depends_on_who_holds_the_directory() {
        let hint = |pid: u32, package: &str| {
            let holder = Holder { pid: pid as i32, package: package.into(), ..Holder::default() };
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
        for errno in [Errno::EACCES, Errno::EPERM, Errno::ENOTDIR, Errno::EMFILE] {
            assert_eq!(hint(errno), "");
        }
        let queue = |errno: Errno| no_queue(&errno.into(), Path::new("run"), None, "q8-mine");
        assert!(queue(Errno::ENOENT).contains("is the server running?"));
        for errno in [Errno::ENOSYS, Errno::EPERM] {
            assert!(queue(errno).contains("no System V IPC"));
        }
        assert_eq!(queue(Errno::EACCES), "");
    }

    #[test]
    fn a_server_of_another_namespace_is_named_and_one_that_tells_nothing_is_asked() {
        let own = Namespaces::own().unwrap();
        let check = |pid: &str, ipc: &str| {
            let mut holder = Holder { pid: 1, package: "q9".into(), ..Holder::default() };
            holder.origin.namespaces = Namespaces { pid: pid.into(), ipc: ipc.into() };
            let dir = Path::new("run");
            [check_processes, check_queues].map(|check| {
                check(dir, Some(&holder)).err().map(|error| error.to_string()).unwrap_or_default()
            })
        };
        assert_eq!(check(&own.pid, &own.ipc), ["", ""]);
        assert_eq!(check("", ""), ["", ""]);
        let [processes, queues] = check("pid:[1]", "ipc:[1]");
        assert!(processes.contains("q9, process 1, was started in another PID namespace"));
        assert!(queues.contains("was started in another IPC namespace"));
        let [_, queues] = check(&own.pid, "ipc:[1]");
        assert!(queues.contains("q9, process 1, runs in another IPC namespace"), "{queues}");
    }
}
