//! Two machines: network namespaces joined by a cable that can be cut.

use std::process::Output;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use common::client::ask::{Ask, Unanswered};
use common::protocol::reply::Status;
use harness::checks::sockets::raw::{self, Next, Raw, SOON, request};
use harness::machine::network::{Machine, Network};
use harness::server::Server;
use harness::stage::Stage;
use harness::wait;
use q5_sockets::client::Client;

fn start(options: &[&str]) -> Server {
    raw::start(Stage::Q5Sockets, options)
}

/// Runs `work` on the client's machine.
fn on_the_clients_machine<T: Send>(network: &Arc<Network>, work: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| {
        let there = || {
            network.enter(Machine::Client);
            work()
        };
        scope.spawn(there).join().unwrap()
    })
}

fn network(name: &str) -> Option<Arc<Network>> {
    let network = Arc::new(Network::new(name)?);
    network.enter(Machine::Server);
    Some(network)
}

#[test]
fn a_client_on_another_machine_is_served_and_its_address_logged() {
    let name = "a_client_on_another_machine_is_served_and_its_address_logged";
    let Some(network) = network(name) else { return };
    let server = start(&["--listen", "10.77.0.1:0", "--listen", "[fd77::1]:5000"]);
    let program = |server: &Server, words: &[&str]| -> Output {
        on_the_clients_machine(&network, || server.client_program(words).output().unwrap())
    };
    let output = program(&server, &["reserve", "3", "2"]);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "show 3: 2 seats reserved, 118 left\n");
    let output = program(&server, &["--connect", "[fd77::1]:5000", "reserve", "3", "1"]);
    assert_eq!(output.status.code(), Some(2), "twice --connect is wrong use");
    on_the_clients_machine(&network, || {
        let mut client = Client::open("[fd77::1]:5000", SOON).unwrap();
        let reply = client.ask(Ask::Reserve { show: 3, seats: 1 }).unwrap();
        assert_eq!((reply.status(), reply.seats.get()), (Some(Status::Ok), 117));
    });
    // A reply leaves before its line is logged.
    wait::until_true("the last line", SOON, || server.log().contains("peer=[fd77::2]:"));
    let log = server.log();
    assert!(log.contains("peer=10.77.0.2:"), "{log}");
    assert!(log.contains("show=3 seats=2 left=118"), "{log}");
    assert_eq!(log.matches("other machines can connect").count(), 1, "{log}");
}

#[test]
fn a_cable_that_is_cut_in_the_middle_of_a_request_and_restored_loses_nothing() {
    let name = "a_cable_that_is_cut_in_the_middle_of_a_request_and_restored_loses_nothing";
    let Some(network) = network(name) else { return };
    let server = start(&["--listen", "10.77.0.1:0", "--listen", "127.0.0.1:5000"]);
    let bytes = request(1, Ask::Reserve { show: 3, seats: 1 });
    let mut far = on_the_clients_machine(&network, || Raw::open(&server));
    far.send(&bytes[..16]);
    network.cut();
    far.send(&bytes[16..]);
    // Nobody else is delayed by it.
    let mut near = Client::open("127.0.0.1:5000", SOON).unwrap();
    for n in 1..=20 {
        let reply = near.ask(Ask::Reserve { show: 1, seats: 1 }).unwrap();
        assert_eq!(reply.seats, 200 - n);
    }
    assert_eq!(far.next(Duration::from_millis(300)), Next::Nothing);
    network.restore();
    far.expect("RESERVE, half of it before the cable was cut", Status::Ok, 1);
    assert_eq!(near.ask(Ask::View { show: 3 }).unwrap().seats, 119);
}

#[test]
fn a_reservation_into_a_cut_cable_has_an_unknown_outcome_and_happens_once_at_most() {
    let name = "a_reservation_into_a_cut_cable_has_an_unknown_outcome_and_happens_once_at_most";
    let Some(network) = network(name) else { return };
    let server = start(&["--listen", "10.77.0.1:0"]);
    let address = harness::address::of(&server.dir());
    on_the_clients_machine(&network, || {
        let mut client = Client::open(&address, Duration::from_millis(700)).unwrap();
        assert_eq!(client.ask(Ask::View { show: 3 }).unwrap().seats, 120);
        network.cut();
        let lost = client.ask(Ask::Reserve { show: 3, seats: 1 }).unwrap_err();
        assert!(matches!(lost, Unanswered::Unknown(_)), "{lost:?}");
        // Nothing of this one leaves: there is no connection.
        let unsent = client.ask(Ask::Reserve { show: 3, seats: 1 }).unwrap_err();
        assert!(matches!(unsent, Unanswered::NotSent(_)), "{unsent:?}");
        network.restore();
        // The first packets after it may be lost; this one waits longer.
        let mut client = Client::open(&address, SOON).unwrap();
        let reply = client.ask(Ask::Reserve { show: 3, seats: 1 }).unwrap();
        assert_eq!(reply.status(), Some(Status::Ok));
        assert!([119, 118].contains(&reply.seats.get()), "{reply:?}");
    });
}
