//! Question 5's sockets under TLS: who is refused and with which words, who is known, what travels,
//! and what peers can do in the middle of a handshake.
#![expect(clippy::unwrap_used, reason = "a test's helpers may panic as the test itself")]

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;

use harness::server::Server;
use harness::stage::Stage;
use q7_tls::authority::{Authority, Issued, write};
use tempfile::TempDir;

mod authorities;
mod cut;
mod fuzz;
mod known;
mod provider;
mod refused;
mod reload;
mod sockets;
mod spoken;
mod stops;
mod travels;

/// Valid today, and so on.
const TODAY: Range<i64> = -1..2;

/// An authority, and a folder for what it issues.
struct Authorities {
    folder: TempDir,
    authority: Authority,
}

impl Authorities {
    fn new() -> Authorities {
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::new().unwrap();
        write(&folder.path().join("ca.pem"), authority.pem()).unwrap();
        Authorities { folder, authority }
    }

    fn ca(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// Writes a certificate and its key.
    fn keep(&self, name: &str, issued: &Issued) -> (PathBuf, PathBuf) {
        let path = |end: &str| self.folder.path().join(format!("{name}.{end}"));
        for (end, text) in [("pem", &issued.cert), ("key", &issued.key)] {
            // Written again where a test renews a certificate.
            let _ = std::fs::remove_file(path(end));
            write(&path(end), text).unwrap();
        }
        (path("pem"), path("key"))
    }

    fn server(&self, host: &str, valid: Range<i64>) -> (PathBuf, PathBuf) {
        self.keep("server", &self.authority.server(&[host.to_owned()], valid).unwrap())
    }

    fn client(&self, name: &str, valid: Range<i64>) -> (PathBuf, PathBuf) {
        self.keep(name, &self.authority.client(name, valid).unwrap())
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Starts a server with this certificate, and more options.
fn start(cert: &(PathBuf, PathBuf), more: &[&str]) -> Server {
    let options = [&["--cert", text(&cert.0), "--key", text(&cert.1)], more].concat();
    Server::start_with(Stage::Q7Tls, &common::booking::shows::sample(), &options)
}

/// Exit status and stderr of a run of the client, which may have something to say on stdout.
fn said(command: &mut Command) -> (Option<i32>, String) {
    let output = command.output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}
