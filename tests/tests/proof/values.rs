//! Hostile values: titles that would drive a terminal, and integers at the edges of every field.

use std::fs;
use std::time::Duration;

use common::booking::shows;
use common::booking::table::Table;
use common::client::ask::Ask;
use common::protocol::reply::Status;
use common::protocol::request::Request;
use harness::server::Server;
use harness::stage::{ALL, Stage, is_ours};
use harness::wire::{RequestClass, Wire};
use nix::unistd::gettid;
use zerocopy::IntoBytes;
use zerocopy::little_endian::{I32, U64};

/// Far more than an answer takes.
const SOON: Duration = Duration::from_secs(10);

/// Clears the screen, sets the window's title, types an answer, moves up, rings, and writes from right
/// to left: with the control characters of ASCII, those of Latin-1, and what Unicode has besides.
const TITLES: [&str; 7] = [
    "\x1b[2J\x1b[H",
    "\x1b]0;owned\x07",
    "\u{9b}6n\u{90}x",
    "up\r\nand down\x0b\x0c",
    "\x08\x08\x7f\x00",
    "\u{202e}draw\u{2066}kcab",
    "\u{200f}\u{61c}\u{2028}",
];

/// A table with these titles, which its file may have and no list of shows.
fn hostile_table() -> Table {
    let mut table = shows::sample();
    for (row, title) in table.rows.iter_mut().zip(TITLES) {
        row.title.fill(0);
        row.title[..title.len()].copy_from_slice(title.as_bytes());
    }
    // A NUL ends a title.
    table.rows[4].title[3..].fill(0);
    table
}

/// What a terminal would act on instead of showing it.
fn assert_plain(what: &str, bytes: &[u8]) {
    let text = std::str::from_utf8(bytes).expect("what is printed is UTF-8");
    let acts = |c: &char| {
        (c.is_control() && *c != '\n')
            || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}')
            || matches!(c, '\u{2066}'..='\u{2069}')
    };
    let found: Vec<char> = text.chars().filter(acts).collect();
    assert!(found.is_empty(), "{what}: {found:?} in {text:?}");
}

#[test]
fn a_title_cannot_drive_a_terminal() {
    if !is_ours("a_title_cannot_drive_a_terminal") {
        return;
    }
    for stage in ALL {
        let options = ["--log-level", "debug"];
        let mut server = Server::start_with(stage, &hostile_table(), &options);
        for words in [&["list"][..], &["--json", "list"], &["view", "1"], &["reserve", "1", "1"]] {
            let output = server.client_program(words).output().unwrap();
            assert!(output.status.success(), "{words:?}: {output:?}");
            assert_plain(&format!("{} {words:?}", stage.package()), &output.stdout);
            assert_plain(&format!("{} {words:?}", stage.package()), &output.stderr);
        }
        server.stop();
        assert_plain(stage.package(), server.log().as_bytes());
    }
}

#[test]
fn an_error_about_a_list_of_shows_or_a_data_file_is_in_plain_words() {
    let name = "an_error_about_a_list_of_shows_or_a_data_file_is_in_plain_words";
    if !is_ours(name) {
        return;
    }
    let base = tempfile::tempdir().unwrap();
    let file = base.path().join("shows.toml");
    for (title, date) in [
        ("\\u001b[2J\\u009b2J\\u0007".to_owned() + &"x".repeat(50), "01/02/2027"),
        ("fine".into(), "\\u001b[2J\\u202e"),
        ("\u{9b}2J\u{202e}".repeat(20), "01/02/2027"),
    ] {
        let text = format!("[[show]]\ntitle = \"{title}\"\ndate = \"{date}\"\nseats = 1\n");
        fs::write(&file, &text).unwrap();
        let server = Server::prepare(Stage::Q1Pipes, &["--shows", file.to_str().unwrap()]);
        let output = server.rival();
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert_plain(&text, &output.stderr);
    }
    let server = Server::prepare(Stage::Q1Pipes, &[]);
    let mut table = hostile_table();
    table.rows[0].date[..4].copy_from_slice(b"\x1b[2J");
    server.write_data_file(table.as_bytes());
    let output = server.rival();
    assert_eq!(output.status.code(), Some(2));
    assert_plain("a date", &output.stderr);
}

/// The ends of the range, and both sides of each bound that the rules have.
const EDGES: [i32; 10] = [i32::MIN, i32::MIN + 1, -2, -1, 0, 1, 2, 4, i32::MAX - 1, i32::MAX];

/// What the rules say, written once more; the table has one show, 1, with `left` seats.
fn expected(request: &Request, at: RequestClass, has_places: bool, left: i32) -> (Status, i32) {
    let place =
        if request.kind == 3 { RequestClass::Reservation } else { RequestClass::Consultation };
    if !(1..=3).contains(&request.kind.get())
        || request.reserved != 0
        || (has_places && place != at)
    {
        return (Status::BadRequest, 0);
    }
    match (request.kind.get(), request.show.get(), request.seats.get()) {
        (1, ..) => (Status::Ok, 0),
        (_, show, _) if show != 1 => (Status::UnknownShow, 0),
        (2, ..) => (Status::Ok, left),
        (_, _, seats) if seats <= 0 => (Status::BadSeats, 0),
        (_, _, seats) if seats > left => (Status::NotEnoughSeats, left),
        (_, _, seats) => (Status::Ok, left - seats),
    }
}

#[test]
fn integers_at_the_edges_of_every_field_are_decided_by_the_rules() {
    for stage in ALL {
        let mut table = Table::new();
        table.rows[9] = shows::sample().rows[0];
        table.rows[9].seats = I32::new(i32::MAX);
        let server = Server::start_with(stage, &table, &["--durability", "process"]);
        let (me, mut left) = (gettid().as_raw(), i32::MAX);
        let mut wire = Wire::open(stage, &server.dir(), me).unwrap();
        let has_places = stage.mechanism().has_places();
        let mut nonce = 0;
        let mut check = |request: Request, at: RequestClass| {
            // The ends of its range too; 0 would speak for a connection.
            nonce += 1;
            let nonces = [nonce, u64::MAX - nonce, 1 << 63 | nonce];
            let request = Request { nonce: U64::new(nonces[nonce as usize % 3]), ..request };
            wire.send(at, request.as_bytes());
            let reply = wire.receive(me, SOON).expect("a reply");
            let (status, seats) = expected(&request, at, has_places, left);
            let told = (reply.status(), reply.seats.get(), reply.nonce);
            let place = || format!("{}, {at:?}: {request:?}", stage.package());
            assert_eq!(told, (Some(status), seats, request.nonce), "{}", place());
            if request.kind == 3 && status == Status::Ok {
                left = seats;
            }
        };
        for at in [RequestClass::Consultation, RequestClass::Reservation] {
            for (kind, show, seats) in triples(EDGES) {
                let request = Request::new(me, 0, Ask::List);
                let [kind, show, seats] = [kind, show, seats].map(I32::new);
                check(Request { kind, show, seats, ..request }, at);
            }
            for kind in 1..=3 {
                for reserved in EDGES {
                    let request = Request::new(me, 0, Ask::Reserve { show: 1, seats: 1 });
                    let [kind, reserved] = [kind, reserved].map(I32::new);
                    check(Request { kind, reserved, ..request }, at);
                }
            }
        }
        // What is claimed to be a client, and cannot be one or is nobody.
        for client in EDGES.into_iter().filter(|&client| client != 1) {
            wire.send(RequestClass::Consultation, Request::new(client, 1, Ask::List).as_bytes());
            wire.send(
                RequestClass::Reservation,
                Request::new(client, 1, Ask::Reserve { show: 1, seats: 0 }).as_bytes(),
            );
        }
        drop(wire);
        assert_eq!(server.client().view(1), left, "{}", stage.package());
        assert_eq!(server.table_on_disk().rows[9].seats, left);
    }
}

/// All triples of the edges.
fn triples(edges: [i32; 10]) -> impl Iterator<Item = (i32, i32, i32)> {
    let pairs = edges.into_iter().flat_map(move |a| edges.map(|b| (a, b)));
    pairs.flat_map(move |(a, b)| edges.map(|c| (a, b, c)))
}

#[test]
fn integers_at_the_edges_in_a_data_file_are_used_or_refused_by_row() {
    if !is_ours("integers_at_the_edges_in_a_data_file_are_used_or_refused_by_row") {
        return;
    }
    for stage in ALL {
        for value in EDGES {
            let mut server = Server::prepare(stage, &[]);
            let mut table = shows::sample();
            table.rows[2].seats = I32::new(value);
            server.write_data_file(table.as_bytes());
            if value >= 0 {
                server.launch();
                assert_eq!(server.client().view(3), value, "{}", stage.package());
                continue;
            }
            let output = server.rival();
            let error = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.code() == Some(2) && error.contains("row 3: "), "{error}");
            assert_eq!(server.table_on_disk(), table);
        }
    }
}
