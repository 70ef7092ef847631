//! The networks of a box: the loopback interface, and another machine.

use grade::sandbox::steps::{End, Step};
use rstest::rstest;

use crate::boxed::{By, background, run_steps, say};

#[rstest]
#[case::me(By::Me)]
#[case::user(By::User)]
fn a_server_on_loopback_is_reached_in_each_network(#[case] by: By) {
    let line = "exec /usr/bin/python3 -c '
import socket
s = socket.socket(); s.bind((\"127.0.0.1\", 0)); s.listen()
socket.create_connection(s.getsockname(), 5); print(1)'";
    let here = Step::shell(line);
    let report = run_steps(by, vec![here.clone(), Step { elsewhere: true, ..here }]);
    assert_eq!((report.step(0).1, report.step(1).1), ("1\n", "1\n"), "{report:?}");
}

#[rstest]
#[case::me(By::Me)]
#[case::user(By::User)]
fn there_is_a_loopback_interface_and_no_other(#[case] by: By) {
    let said = say(by, "tail -n +3 /proc/net/dev | cut -d: -f1");
    assert_eq!(said.trim(), "lo");
}

fn server(address: &str) -> Step {
    background(&format!(
        "exec /usr/bin/python3 -c '
import socket
s = socket.socket(); s.bind((\"{address}\", 5000)); s.listen()
while True:
    c, who = s.accept(); c.sendall(who[0].encode()); c.close()'"
    ))
}

/// Tries for as long as the server may take to start.
fn client(tries: u32) -> String {
    format!(
        "exec /usr/bin/python3 -c '
import socket, time
for i in range({tries}):
    try:
        print(socket.create_connection((\"10.0.0.1\", 5000), 5).recv(100).decode()); break
    except ConnectionRefusedError: time.sleep(0.05)
else: print(\"refused\")'"
    )
}

#[rstest]
#[case::me(By::Me)]
#[case::user(By::User)]
fn a_client_elsewhere_reaches_a_server_that_listens_to_all(#[case] by: By) {
    let elsewhere = Step { elsewhere: true, ..Step::shell(&client(200)) };
    let report = run_steps(by, vec![server("0.0.0.0"), elsewhere]);
    assert_eq!(report.step(1), (&End::Exit(0), "10.0.0.2\n"), "{report:?}");
}

#[rstest]
#[case::me(By::Me)]
#[case::user(By::User)]
fn a_client_elsewhere_does_not_reach_a_server_on_loopback(#[case] by: By) {
    let ready = Step::shell("until grep -q ':1388 ' /proc/net/tcp; do sleep 0.01; done");
    let elsewhere = Step { elsewhere: true, ..Step::shell(&client(3)) };
    let report = run_steps(by, vec![server("127.0.0.1"), ready, elsewhere]);
    assert_eq!(report.step(2), (&End::Exit(0), "refused\n"), "{report:?}");
}
