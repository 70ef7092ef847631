//! Who asks: with `--client-ca` the log names whoever reserves.

use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use common::client::ask::Ask;
use common::protocol::request::Request;
use harness::client::trusting_trial;
use harness::wait;
use q5_sockets::armour::closing::End;
use q5_sockets::armour::deadline::Deadline;
use q5_sockets::channel::Connection;
use q5_sockets::stream::{Layer, Tcp};
use q7_tls::client::ClientLayer;
use rcgen::ExtendedKeyUsagePurpose;
use zerocopy::IntoBytes;

use crate::{Authorities, TODAY, said, start, text};

const SOON: Duration = Duration::from_secs(10);

#[test]
fn the_log_names_whoever_reserves_and_a_resumed_session_too() {
    let ours = Authorities::new();
    let ca = ours.ca();
    let server = start(&ours.server("127.0.0.1", TODAY), &["--client-ca", text(&ca)]);
    for name in ["alice", "bob.example"] {
        let (cert, key) = ours.client(name, TODAY);
        let options = ["--ca", text(&ca), "--cert", text(&cert), "--key", text(&key)];
        let words = [&options[..], &["reserve", "3", "1"]].concat();
        let (status, error) = said(&mut server.client_program(&words));
        assert_eq!(status, Some(0), "{error}");
        let user = format!("user={name}");
        let is_logged = |line: &str| line.contains("reserve: ok") && line.ends_with(&user);
        let logged = || server.log().lines().any(is_logged).then_some(());
        assert!(wait::until(SOON, logged).is_some(), "{}", server.log());
    }
    // The same client connects a second time, and is known by its session.
    let (cert, key) = ours.client("carol", TODAY);
    let mut options = trusting_trial(&server.dir(), SOON);
    (options.ca, options.cert, options.key) = (Some(ca), Some(cert), Some(key));
    let layer = ClientLayer::new(&options);
    let mut sessions = Vec::new();
    for _ in 0..2 {
        let stream = Arc::new(TcpStream::connect(&options.connect).unwrap());
        let tls = layer.open(Tcp::new(stream, SOON).unwrap(), Deadline::after(SOON)).unwrap();
        sessions.push(tls.state().handshake_kind());
        let mut connection = Connection::over(tls, SOON, End::default());
        let request = Request::new(1, 1, Ask::Reserve { show: 1, seats: 1 });
        connection.send(request.as_bytes(), Deadline::after(SOON)).unwrap();
        assert!(connection.fill(Deadline::after(SOON)).unwrap() > 0);
    }
    use rustls::HandshakeKind::{Full, Resumed};
    assert_eq!(sessions, [Some(Full), Some(Resumed)]);
    let named = || (server.log().matches("left=19").count() == 2).then_some(());
    assert!(wait::until(SOON, named).is_some(), "{}", server.log());
    assert_eq!(server.log().matches("user=carol").count(), 2, "{}", server.log());
}

#[test]
fn whoever_has_a_certificate_without_a_name_is_refused() {
    let ours = Authorities::new();
    let ca = ours.ca();
    let server = start(&ours.server("127.0.0.1", TODAY), &["--client-ca", text(&ca)]);
    let nameless =
        ours.authority.issue(vec![], "nobody", ExtendedKeyUsagePurpose::ClientAuth, TODAY);
    let (cert, key) = ours.keep("nobody", &nameless.unwrap());
    let options = ["--ca", text(&ca), "--cert", text(&cert), "--key", text(&key)];
    let words = [&options[..], &["reserve", "3", "1"]].concat();
    let (status, error) = said(&mut server.client_program(&words));
    assert!(status == Some(2) && error.contains("(alert access_denied)"), "{error}");
    assert!(error.contains("nothing was reserved"), "{error}");
    let log = server.log();
    assert!(log.contains("refused: the client's certificate names nobody"), "{log}");
    assert_eq!(server.table_on_disk().rows[2].seats, 120);
}
