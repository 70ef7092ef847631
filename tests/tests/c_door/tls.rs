//! A client in C over OpenSSL, which knows nothing of `rustls`.

use std::path::Path;

use harness::address;
use harness::c::Program;
use harness::server::Server;
use harness::stage::Stage;
use q7_tls::authority::{Authority, write};

use crate::client::run;

#[test]
fn the_client_in_c_over_openssl_is_answered_and_known() {
    let name = "the_client_in_c_over_openssl_is_answered_and_known";
    let Some(client) = Program::compile_with_openssl(name, "tls-client") else { return };
    let server = Server::start(Stage::Q7Tls);
    let ask = |server: &Server, ca: &Path, identity: [&Path; 2], words: &[&str]| {
        let address = address::of(&server.dir());
        let (host, port) = address.rsplit_once(':').unwrap();
        let mut command = client.command();
        command.args([host, port]).arg(ca).args(identity).args(words);
        run(&mut command)
    };
    let (trial, nobody) = (server.dir().join("tls/ca.pem"), [Path::new("-"); 2]);
    let (status, out, error) = ask(&server, &trial, nobody, &["list"]);
    assert_eq!((status, out.lines().count()), (0, 8), "{error}");
    assert!(out.contains("  1  Cyrano de Bergerac: 200 seats left\n"), "{out}");
    let reserved = ask(&server, &trial, nobody, &["reserve", "3", "2"]);
    assert_eq!(reserved, (0, "status 0, 118 seats left\n".into(), String::new()));
    assert_eq!(ask(&server, &trial, nobody, &["view", "99"]).0, 1);

    // With an authority of our own; without a certificate nothing is done.
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new().unwrap();
    let (host, alice) = (
        authority.server(&["127.0.0.1".into()], -1..2).unwrap(),
        authority.client("alice", -1..2).unwrap(),
    );
    let path = |name: &str| folder.path().join(name);
    write(&path("ca.pem"), authority.pem()).unwrap();
    for (name, issued) in [("server", host), ("alice", alice)] {
        write(&path(&format!("{name}.pem")), &issued.cert).unwrap();
        write(&path(&format!("{name}.key")), &issued.key).unwrap();
    }
    let files = ["server.pem", "server.key", "ca.pem"].map(|name| path(name).display().to_string());
    let options = ["--cert", &files[0], "--key", &files[1], "--client-ca", &files[2]];
    let server = Server::start_with(Stage::Q7Tls, &common::booking::shows::sample(), &options);
    let (status, _, error) = ask(&server, &trial, nobody, &["list"]);
    assert!(status == 2 && error.contains("certificate verify failed"), "{error}");
    let (status, _, error) = ask(&server, &path("ca.pem"), nobody, &["reserve", "3", "1"]);
    assert!(status == 2 && error.contains("alert certificate required: nothing"), "{error}");
    let (cert, key) = (path("alice.pem"), path("alice.key"));
    let (status, _, error) = ask(&server, &path("ca.pem"), [&cert, &key], &["reserve", "3", "1"]);
    assert_eq!(status, 0, "{error}");
    assert!(server.log().contains("left=119 peer=127.0.0.1:"), "{}", server.log());
    assert!(server.log().contains("user=alice"), "{}", server.log());
}
