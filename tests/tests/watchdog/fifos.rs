//! The FIFOs between the dispatcher and the servers: garbage and old answers harm nobody, and who
//! does not answer costs 200 ms once.

use std::io::Write;
use std::time::{Duration, Instant};

use common::client::ask::Ask;
use common::protocol::record::MAGIC;
use common::protocol::reply::Status;
use harness::ptrace::hang::Hang;
use harness::seed;
use harness::wait;
use q1_pipes::fifo;
use q6_watchdog::channel::Ping;
use zerocopy::IntoBytes;
use zerocopy::little_endian::{I32, U64};

use crate::scene::{SOON, ask_dispatcher, port, process, start};

#[test]
fn garbage_in_a_fifo_harms_nobody() {
    let server = start(&[]);
    let right = port(&server, Ask::List);
    let mut noise = seed::rng();
    for name in ["dw.consult.fifo", "wd.consult.fifo", "dw.reserve.fifo", "wd.reserve.fifo"] {
        let mut fifo = fifo::open_writer(&server.dir().join(name)).unwrap();
        for len in [1, 3, 4, 15, 16, 17, 4096, 60_000] {
            let mut bytes = vec![0; len];
            noise.fill(&mut bytes);
            // As much as there is room for.
            drop(fifo.write(&bytes));
            assert_eq!(port(&server, Ask::List), right, "{len} bytes in {name}");
        }
    }
    assert_eq!(server.client().reserve(1, 1), (Status::Ok, 199));
}

#[test]
fn an_answer_to_another_question_is_thrown_away() {
    let server = start(&[]);
    let right = port(&server, Ask::List);
    let mut fifo = fifo::open_writer(&server.dir().join("wd.consult.fifo")).unwrap();
    for sequence in [0, 1, 2, u64::MAX] {
        let wrong = Ping { magic: MAGIC, port: I32::new(1), sequence: U64::new(sequence) };
        // The dispatcher looks twice: before it asks, and then for the answer.
        fifo.write_all(&[wrong.as_bytes(), wrong.as_bytes()].concat()).unwrap();
        assert_eq!(port(&server, Ask::List), right);
    }
}

#[test]
fn who_does_not_answer_delays_one_client_and_the_others_not_at_all() {
    let name = "who_does_not_answer_delays_one_client_and_the_others_not_at_all";
    let server = start(&[]);
    let Some(_hang) = Hang::start(name, process(&server, "q6 consult")) else { return };
    let ask = |ask: Ask| {
        let before = Instant::now();
        (ask_dispatcher(&server, ask).status(), before.elapsed())
    };
    let (first, took) = ask(Ask::List);
    assert_eq!(first, Some(Status::Busy));
    assert!(took >= Duration::from_millis(200) && took < Duration::from_secs(1), "{took:?}");
    let rest: Vec<_> = (0..10).map(|_| ask(Ask::List)).collect();
    assert!(rest.iter().all(|(status, _)| *status == Some(Status::Busy)), "{rest:?}");
    let prompt = rest.iter().filter(|(_, took)| *took < Duration::from_millis(190)).count();
    assert!(prompt >= 6, "{rest:?}");
    // The other kind of request is not concerned.
    assert_eq!(ask(Ask::Reserve { show: 1, seats: 0 }).0, Some(Status::Redirect));
    let served = || ask(Ask::List).0 == Some(Status::Redirect);
    wait::until_true("another server", SOON, served);
    let log = server.log();
    assert!(log.contains("the dispatcher gets no answer from q6 consult"), "{log}");
}
