//! What keeps all promises gets full marks.

use std::fs;

use harness::c::{INCLUDE, root};
use harness::effort::Effort;
use harness::say::say;
use serde_json::Value;

use crate::program::{beside, items, submission};

/// Items that are soon asked, for a quick run.
const QUICK: [&str; 6] =
    ["--item", "wire-answers", "--item", "p1-durable", "--item", "p6-failed-sync"];

/// The servers, and how each is reached.
const SERVERS: [(&str, &str); 7] = [
    ("q2-msgqueue-server", "queue"),
    ("q5-sockets-server", "socket"),
    ("q1-pipes-server", "pipe"),
    ("q3-threads-server", "queue"),
    ("q4-thread-per-request-server", "queue"),
    ("q6-watchdog-server", "dispatcher"),
    ("q9-events-server", "socket"),
];

fn assert_full(name: &str, items: &[Value]) {
    let lost: Vec<&Value> = items.iter().filter(|item| item["verdict"] != "pass").collect();
    assert!(lost.is_empty() && items.len() > 3, "{name}: {lost:#?}");
    let seconds: f64 = items.iter().filter_map(|item| item["seconds"].as_f64()).sum();
    say(&format!("{name}: {} items in {seconds:.1} s", items.len()));
}

#[test]
fn the_servers_of_this_project_keep_every_promise() {
    let Some(_) = beside("wire-door") else { return };
    let (count, words) = Effort::asked().of((1, &QUICK[..]), (2, &[][..]), (SERVERS.len(), &[]));
    for (name, mechanism) in &SERVERS[..count] {
        let Some(program) = beside(name) else { return };
        let folder = submission(mechanism, &fs::read(program).unwrap());
        assert_full(name, &items(folder.path(), words));
    }
}

#[test]
fn a_server_that_knows_only_the_protocol_keeps_every_promise() {
    let Some(_) = beside("wire-door") else { return };
    let words = Effort::asked().of(&["--item", "p9-one-server"][..], &[], &[]);
    let folder = submission("queue", b"");
    let alice = folder.path().join("alice");
    fs::copy(root().join("tests/c/server/server.c"), alice.join("server.c")).unwrap();
    fs::copy(root().join(INCLUDE).join("spectacles.h"), alice.join("spectacles.h")).unwrap();
    let own = "build = \"cc -std=c11 -pthread -o server server.c\"\n";
    fs::write(alice.join("grade.toml"), own).unwrap();
    fs::remove_file(alice.join("server")).unwrap();
    let items = items(folder.path(), words);
    let lost: Vec<&Value> = items.iter().filter(|item| item["verdict"] != "pass").collect();
    assert!(lost.is_empty() && items.len() > 2, "{lost:#?}");
}
