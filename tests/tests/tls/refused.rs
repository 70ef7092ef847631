//! Refusals: each has its words where it is decided, and the other side names the alert.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use harness::server::Server;
use harness::stage::Stage;
use harness::wait;

use crate::{Authorities, TODAY, said, start, text};

/// Far more than a handshake takes.
const SOON: Duration = Duration::from_secs(10);

/// The client's `reserve 3 1` is refused with these words, the server's log has those, and no seat is
/// sold.
fn assert_refused(server: &Server, options: &[&str], to_user: &str, in_log: &str) {
    let words = [options, &["reserve", "3", "1"]].concat();
    let (status, error) = said(&mut server.client_program(&words));
    assert!(status == Some(2) && error.contains(to_user), "not {to_user:?}: {error}");
    assert!(!error.contains("outcome is unknown"), "nothing was done: {error}");
    // The client may end before the server has read its alert.
    let is_logged = || server.log().contains(in_log).then_some(());
    assert!(wait::until(SOON, is_logged).is_some(), "not {in_log:?}: {}", server.log());
    assert_eq!(server.table_on_disk().rows[2].seats, 120);
}

#[test]
fn every_refusal_of_a_server_has_its_words_on_both_sides() {
    let (ours, others) = (Authorities::new(), Authorities::new());
    for (host, valid, trusted, to_user, in_log) in [
        (
            "127.0.0.1",
            -9..-2,
            &ours,
            "server's certificate has expired: it was valid until 20",
            "our certificate is not valid today (alert certificate_expired)",
        ),
        (
            "127.0.0.1",
            3..9,
            &ours,
            "server's certificate is not valid yet: it will be from 20",
            "our certificate is not valid today (alert certificate_expired)",
        ),
        (
            "other.example",
            TODAY,
            &ours,
            "server's certificate is for other.example, not for 127.0.0.1",
            "(alert bad_certificate)",
        ),
        (
            "127.0.0.1",
            TODAY,
            &others,
            "is of an authority that is not trusted here",
            "it does not trust the authority of our certificate (alert unknown_ca)",
        ),
    ] {
        let server = start(&ours.server(host, valid), &[]);
        let in_log = format!("refused: the client refuses this server: {in_log}");
        let in_log = if host == "other.example" { "(alert bad_certificate)" } else { &in_log };
        assert_refused(&server, &["--ca", text(&trusted.ca())], to_user, in_log);
    }
    let server =
        start(&ours.keep("odd", &ours.authority.client("127.0.0.1.example", TODAY).unwrap()), &[]);
    let ca = ours.ca();
    let options = ["--ca", text(&ca)];
    assert_refused(&server, &options, "the server's certificate", "(alert ");
}

#[test]
fn every_refusal_of_a_client_has_its_words_on_both_sides() {
    let (ours, others) = (Authorities::new(), Authorities::new());
    let ca = ours.ca();
    let server = start(&ours.server("127.0.0.1", TODAY), &["--client-ca", text(&ca)]);
    let base = ["--ca", text(&ca)];
    assert_refused(
        &server,
        &base,
        "the server refuses this client: it asks for a certificate (--cert, --key) (alert certificate_required): nothing was reserved",
        "refused: the client has shown no certificate, and --client-ca asks for one",
    );
    let for_servers = ours.authority.server(&["alice".into()], TODAY).unwrap();
    for (shown, to_user, in_log) in [
        (
            others.client("mallory", TODAY),
            "(alert unknown_ca): nothing was reserved",
            "refused: the client's certificate is of an authority that is not trusted here",
        ),
        (
            ours.client("late", -9..-2),
            "(alert certificate_expired)",
            "refused: the client's certificate has expired: it was valid until 20",
        ),
        (
            ours.client("early", 3..9),
            "(alert certificate_expired)",
            "refused: the client's certificate is not valid yet",
        ),
        (
            ours.keep("servers", &for_servers),
            "our certificate is for another purpose (alert unsupported_certificate)",
            "refused: the client's certificate is not for clients",
        ),
    ] {
        let options = [&base[..], &["--cert", text(&shown.0), "--key", text(&shown.1)]].concat();
        assert_refused(&server, &options, to_user, in_log);
    }
}

#[test]
fn a_key_that_others_may_read_is_refused_and_never_quoted() {
    let ours = Authorities::new();
    let (cert, key) = ours.server("127.0.0.1", TODAY);
    let secret = fs::read_to_string(&key).unwrap().lines().nth(1).unwrap().to_owned();
    let options = ["--cert", text(&cert), "--key", text(&key)];
    for mode in [0o640, 0o604, 0o644, 0o666] {
        fs::set_permissions(&key, Permissions::from_mode(mode)).unwrap();
        let output = Server::prepare(Stage::Q7Tls, &options).rival();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        let words =
            format!("it is a private key with mode {mode:04o}, so others may read it: chmod 600 ");
        assert!(output.status.code() == Some(2) && error.contains(&words), "{error}");
    }
    // The client's, too. And files that hold something else.
    let server = Server::start(Stage::Q7Tls);
    let (_, error) = said(&mut server.client_program(&[&options[..], &["list"]].concat()));
    assert!(error.contains("others may read it"), "{error}");
    fs::set_permissions(&key, Permissions::from_mode(0o600)).unwrap();
    let other = ours.client("other", TODAY);
    for (cert, key, words) in [
        (&key, &key, "there is no certificate (PEM) in it"),
        (&cert, &cert, "others may read it"),
        (&cert, &other.1, "cannot use"),
        (&cert, &ours.folder.path().join("missing"), "No such file or directory"),
    ] {
        let _ = fs::set_permissions(cert, Permissions::from_mode(0o644));
        let output =
            Server::prepare(Stage::Q7Tls, &["--cert", text(cert), "--key", text(key)]).rival();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(2) && error.contains(words), "{words}: {error}");
        assert!(!error.contains(&secret), "{error}");
        let _ = fs::set_permissions(key, Permissions::from_mode(0o600));
    }
}

#[test]
fn without_an_authority_the_client_says_what_it_lacks() {
    let ours = Authorities::new();
    let server = start(&ours.server("127.0.0.1", TODAY), &[]);
    let (status, error) = said(&mut server.client_program(&["list"]));
    assert!(status == Some(2) && error.contains("tls/ca.pem: No such file"), "{error}");
    assert!(error.contains("--ca"), "{error}");
}
