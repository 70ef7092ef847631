//! What travels: nothing that anybody between client and server could read.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;

use common::protocol::record::MAGIC;
use harness::address;
use harness::server::Server;
use harness::stage::Stage;

use crate::said;

/// Passes a connection on, and keeps what travels in both directions.
fn listen_in(to: String) -> (String, thread::JoinHandle<[Vec<u8>; 2]>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let thread = thread::spawn(move || {
        let (client, _) = listener.accept().unwrap();
        let server = TcpStream::connect(to).unwrap();
        let pass = |mut from: &TcpStream, mut to: &TcpStream| {
            let (mut all, mut bytes) = (Vec::new(), [0; 4096]);
            while let Ok(size @ 1..) = from.read(&mut bytes) {
                all.extend(&bytes[..size]);
                to.write_all(&bytes[..size]).unwrap();
            }
            let _ = to.shutdown(Shutdown::Write);
            all
        };
        thread::scope(|scope| {
            let back = scope.spawn(|| pass(&server, &client));
            [pass(&client, &server), back.join().unwrap()]
        })
    });
    (address, thread)
}

#[test]
fn nothing_of_a_request_or_a_reply_can_be_read_on_its_way() {
    for stage in [Stage::Q5Sockets, Stage::Q7Tls] {
        let server = Server::start(stage);
        let (address, heard) = listen_in(address::of(&server.dir()));
        let mut client = std::process::Command::new(stage.client());
        client.arg("--dir").arg(server.dir()).args(["--connect", &address, "list"]);
        let (status, error) = said(&mut client);
        assert_eq!(status, Some(0), "{error}");
        let heard = heard.join().unwrap();
        let holds = |all: &[u8], part: &[u8]| all.windows(part.len()).any(|it| it == part);
        let readable =
            [holds(&heard[0], &MAGIC), holds(&heard[1], &MAGIC), holds(&heard[1], b"Cyrano")];
        // q5's are seen: so this looks at the right place.
        assert_eq!(readable, [stage == Stage::Q5Sockets; 3], "{stage:?}");
        assert!(heard[1].len() >= 752, "a reply has passed");
    }
}
