//! SIGHUP: certificates and the log file are opened anew, and no connection notices.

use std::fs;
use std::time::Duration;

use common::client::ask::Ask;
use common::protocol::reply::Status;
use harness::client::trusting_trial;
use harness::wait;
use nix::sys::signal::Signal;

use crate::{Authorities, TODAY, said, start, text};

const SOON: Duration = Duration::from_secs(10);

#[test]
fn a_renewed_certificate_is_seen_by_new_connections_and_old_ones_live() {
    let (first, second) = (Authorities::new(), Authorities::new());
    let cert = first.server("127.0.0.1", TODAY);
    let log = first.folder.path().join("server.log");
    let server = start(&cert, &["--log-file", text(&log)]);
    let mut options = trusting_trial(&server.dir(), SOON);
    options.ca = Some(first.ca());
    let mut old = q7_tls::client::open(&options).unwrap();
    let mut ask = |show| old.ask(Ask::Reserve { show, seats: 1 }).unwrap().status();
    assert_eq!(ask(1), Some(Status::Ok));
    let hang_up = |words: &str| {
        server.signal(Signal::SIGHUP);
        let is_logged =
            || fs::read_to_string(&log).is_ok_and(|it| it.contains(words)).then_some(());
        assert!(wait::until(SOON, is_logged).is_some(), "not {words:?}: {}", server.log());
    };
    // A broken file: the old certificate stays.
    fs::write(&cert.0, "-----BEGIN CERTIFICATE-----\n").unwrap();
    hang_up("the certificates stay as they were: cannot use ");
    let list = |ca: &str| said(&mut server.client_program(&["--ca", ca, "view", "3"])).0;
    let (old_ca, new_ca) = (first.ca(), second.ca());
    assert_eq!((list(text(&old_ca)), list(text(&new_ca))), (Some(0), Some(2)));
    // A new one, of another authority; and somebody has renamed the log.
    let renewed = second.server("127.0.0.1", TODAY);
    fs::copy(&renewed.0, &cert.0).unwrap();
    fs::copy(&renewed.1, &cert.1).unwrap();
    fs::rename(&log, log.with_extension("old")).unwrap();
    hang_up("the certificates were read anew");
    assert_eq!((list(text(&old_ca)), list(text(&new_ca))), (Some(2), Some(0)));
    assert_eq!(ask(2), Some(Status::Ok));
    assert_eq!(server.table_on_disk().rows[1].seats, 149);
    assert!(!server.log().contains("stopping"), "SIGHUP is no stop");
}
