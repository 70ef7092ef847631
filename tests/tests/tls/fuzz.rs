//! Handshakes and records that were changed on their way: no panic, no hang, no answer.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::thread;

use common::client::ask::Ask;
use fastrand::Rng;
use harness::effort::Effort;
use harness::seed;
use harness::server::Server;
use harness::stage::Stage;

use crate::cut::{begin, connect, records, request};

/// Threads that send them.
const SENDERS: usize = 4;

/// Changes something: bits, bytes, the end, the length that a record claims, or the order.
fn mutate(rng: &mut Rng, bytes: &mut Vec<u8>) {
    for _ in 0..rng.usize(1..4) {
        let at = rng.usize(..bytes.len());
        match rng.u8(..8) {
            0..3 => bytes[at] ^= 1 << rng.u8(..8),
            3 => bytes[at] = rng.u8(..),
            4 => bytes.truncate(at.max(1)),
            5 => bytes[3 + rng.usize(..2)] = rng.u8(..),
            6 => bytes.extend_from_within(at..),
            _ => bytes.insert(at, rng.u8(..)),
        }
        bytes.resize(bytes.len().max(6), 0);
    }
}

/// Sends a changed hello: whatever the server says, it is no reply.
fn change_handshake(server: &Server, rng: &mut Rng) {
    let (mut stream, mut tls) = begin(server);
    let original = records(&mut tls);
    let mut bytes = original.clone();
    mutate(rng, &mut bytes);
    let _ = stream.write_all(&bytes);
    let _ = stream.shutdown(Shutdown::Write);
    let mut answer = Vec::new();
    // A reset is an answer too.
    let _ = stream.read_to_end(&mut answer);
    // An alert, or its part of a handshake: 23 would be a record of data without keys.
    assert!(answer.is_empty() || [20, 21, 22].contains(&answer[0]), "{answer:?} to {bytes:?}");
}

/// Sends a changed request over a good connection. Whatever came before the change may be answered;
/// the request itself is not.
fn change_record(server: &Server, rng: &mut Rng) {
    let (mut stream, mut tls) = connect(server);
    let original = request(&mut tls, Ask::Reserve { show: 3, seats: 1 });
    let mut bytes = original.clone();
    mutate(rng, &mut bytes);
    // The type and the version of a record mean nothing in TLS 1.3, and `rustls` does not look whether
    // somebody has changed them.
    let is_same = |(at, (one, other)): (usize, (&u8, &u8))| at < 3 || one == other;
    if bytes.len() >= original.len() && bytes.iter().zip(&original).enumerate().all(is_same) {
        bytes[original.len() - 1] ^= 0xff;
    }
    let _ = stream.write_all(&bytes);
    let _ = stream.shutdown(Shutdown::Write);
    let mut plain = Vec::new();
    while tls.read_tls(&mut stream).is_ok_and(|size| size > 0) {
        let failed = tls.process_new_packets().is_err();
        let _ = tls.reader().read_to_end(&mut plain);
        if failed {
            break;
        }
    }
    assert!(plain.is_empty(), "{plain:?} to {bytes:?}");
}

#[test]
fn changed_handshakes_and_records_get_no_answer_and_harm_nobody() {
    let server = Server::start(Stage::Q7Tls);
    let count: usize = Effort::asked().of(100, 20_000, 1_000_000);
    let mut rng = seed::rng();
    thread::scope(|scope| {
        for _ in 0..SENDERS {
            let (server, mut rng) = (&server, rng.fork());
            scope.spawn(move || {
                for n in 0..count / SENDERS {
                    match n % 4 {
                        0 => change_record(server, &mut rng),
                        _ => change_handshake(server, &mut rng),
                    }
                }
            });
        }
    });
    server.client().view(1);
    assert_eq!(server.table_on_disk().rows[2].seats, 120, "nothing was sold");
    assert!(!server.log().contains("panic"), "{}", server.log());
}
