//! Many connections that one client process holds, and what people would install instead.

use bench::results::group::Question;
use bench::results::peer::PEERS;
use bench::results::row::Row;
use harness::effort::Effort;
use harness::stage::skip;

use crate::small_run::{assert_narrow, assert_nothing_left, bench, results, text};

/// A run of one short round.
const SMALL: [&str; 7] = ["--quick", "--segment", "20", "--rounds", "1", "--stages", "q5"];

#[test]
fn a_crowd_is_one_client_beside_the_bare_loop() {
    let out = tempfile::tempdir().unwrap();
    let groups = Effort::asked().of("crowd of 64", "crowd of 64,crowd beside", "crowd");
    let output = bench(out.path(), &[&SMALL[..], &["--groups", groups]].concat()).output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    assert_narrow(&text(&output));
    assert_nothing_left(out.path());
    let results = results(out.path());
    // That each seat was sold which the clients counted, the bench itself has compared.
    let rows = results.timings.iter().filter(|timing| timing.clients == 64);
    let rows: Vec<(String, Question)> = rows.map(|it| (it.row.name(), it.question)).collect();
    for name in ["bare TCP, epoll, group commit", "q5-sockets"] {
        for question in [Question::View, Question::Reserve] {
            assert!(rows.contains(&(name.to_owned(), question)), "{rows:?}");
        }
    }
    assert!(results.timings.iter().all(|timing| timing.latency.samples >= timing.clients as u64));
    let burdens = if groups.len() > "crowd of 64".len() { 4 } else { 0 };
    assert_eq!(results.beside.len(), burdens, "{:?}", results.beside);
}

#[test]
fn what_people_would_install_instead_is_started_asked_and_removed() {
    let name = "what_people_would_install_instead_is_started_asked_and_removed";
    if Effort::asked() != Effort::Night {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    let output =
        bench(out.path(), &[&SMALL[..], &["--groups", "peers of 64"]].concat()).output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    assert_nothing_left(out.path());
    let results = results(out.path());
    for peer in PEERS {
        let of = |it: &&bench::results::timing::Timing| it.row == Row::Peer(peer);
        match results.peers.iter().find(|facts| facts.peer == peer) {
            Some(facts) => {
                assert!(!facts.version.is_empty() && !facts.settings.is_empty(), "{facts:?}");
                assert_eq!(results.timings.iter().filter(of).count(), 2, "{}", peer.name());
            }
            None => skip(name, peer.packages()),
        }
    }
}
