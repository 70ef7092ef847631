//! Certificates: made at the first start for trial, and by `certify` for real use.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;

use harness::server::Server;
use harness::stage::{Stage, program};

use crate::{said, start, text};

fn modes(folder: &Path) -> Vec<(String, u32)> {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    let mode = |entry: &fs::DirEntry| entry.metadata().unwrap().mode() & 0o777;
    let mut all: Vec<_> = entries
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), mode(&entry)))
        .collect();
    all.sort();
    all
}

#[test]
fn the_first_start_makes_an_authority_for_trial_and_the_next_one_uses_it() {
    let mut server = Server::start(Stage::Q7Tls);
    let folder = server.dir().join("tls");
    let expected = ["ca.pem", "server.key", "server.pem"].map(|name| (name.to_owned(), 0o600));
    assert_eq!(modes(&folder), expected);
    assert!(server.log().contains("made an authority for trial in "), "{}", server.log());
    let key = fs::read(folder.join("server.key")).unwrap();
    server.stop();
    server.launch();
    assert_eq!(fs::read(folder.join("server.key")).unwrap(), key);
    assert!(server.log().contains("the certificate is one for trial"), "{}", server.log());
    server.client().view(1);
    // No line of the log has any of the key.
    let text = String::from_utf8(key).unwrap();
    assert!(text.lines().skip(1).all(|line| !server.log().contains(line)), "{}", server.log());
}

#[test]
fn what_certify_makes_is_served_and_trusted() {
    let base = tempfile::tempdir().unwrap();
    let certify = |words: &[&str]| {
        let mut command = Command::new(program("q7-tls-certify"));
        command.args(words).arg(base.path().join("made"));
        said(&mut command)
    };
    let made = |name: &str| base.path().join("made").join(name);
    assert_eq!(certify(&["--host", "127.0.0.1", "--client", "alice"]), (Some(0), String::new()));
    assert_eq!(certify(&["--client", "bob"]), (Some(0), String::new()));
    let names = [
        "alice.key",
        "alice.pem",
        "bob.key",
        "bob.pem",
        "ca.key",
        "ca.pem",
        "server.key",
        "server.pem",
    ];
    assert_eq!(modes(&made("")), names.map(|name| (name.to_owned(), 0o600)));
    for (words, expected) in [
        (&["--client", "bob"][..], "exists"),
        (
            &["--client", "Bob the builder"],
            "certify: cannot certify \"Bob the builder\": it is no DNS name",
        ),
        (&["--host", "a/b"], "it is no DNS name"),
    ] {
        let (status, error) = certify(words);
        assert!(status == Some(2) && error.contains(expected), "{error}");
    }
    let ca = made("ca.pem");
    let server = start(&(made("server.pem"), made("server.key")), &["--client-ca", text(&ca)]);
    for name in ["alice", "bob"] {
        let (cert, key) = (made(&format!("{name}.pem")), made(&format!("{name}.key")));
        let options = ["--ca", text(&ca), "--cert", text(&cert), "--key", text(&key), "view", "3"];
        let (status, error) = said(&mut server.client_program(&options));
        assert_eq!(status, Some(0), "{error}");
    }
}
