//! What the servers share, seen from outside: the segment, and the consultations among several
//! servers.

use std::collections::BTreeSet;
use std::fs;

use common::client::ask::Ask;
use common::protocol::reply::Status;
use nix::sys::signal::Signal;

use crate::scene::{port, process, send, start, successor};

/// Mode 0600, and the kernel's mark SHM_DEST: removed with the last who has it attached.
const MARKED: &str = "1600";

#[test]
fn the_segment_has_no_key_is_marked_for_removal_and_shared_by_all() {
    let server = start(&["--consultation-servers", "2"]);
    let segments = |()| -> Vec<String> {
        let objects = server.ipc_objects();
        objects.into_iter().filter(|object| object.starts_with("shm: 0 ")).collect()
    };
    let mine = segments(());
    assert_eq!(mine.len(), 1, "{mine:?}");
    let fields: Vec<&str> = mine[0].split_whitespace().collect();
    // shm: key shmid perms size cpid lpid nattch
    assert_eq!((fields[3], fields[5]), (MARKED, server.pid().to_string().as_str()), "{mine:?}");
    assert_eq!(fields[7], "5", "{mine:?}");
    let lock = fs::read_to_string(server.dir().join("lock")).unwrap();
    assert!(!lock.contains("segment"), "{lock}");
    let old = process(&server, "q6 reserve");
    send(old, Signal::SIGKILL);
    successor(&server, "q6 reserve", old);
    assert_eq!(server.client().view(1), 200);
    assert_eq!(segments(())[0].split_whitespace().nth(7), Some("5"));
}

#[test]
fn consultations_go_to_each_server_in_turn_and_past_a_dead_one() {
    let server = start(&["--consultation-servers", "3"]);
    let ports: Vec<i32> = (0..6).map(|_| port(&server, Ask::List)).collect();
    assert_eq!(ports.iter().collect::<BTreeSet<_>>().len(), 3, "{ports:?}");
    assert_eq!(ports[..3], ports[3..]);
    let old = process(&server, "q6 consult2");
    send(old, Signal::SIGKILL);
    for _ in 0..6 {
        assert_eq!(server.client().view(2), 150);
    }
    successor(&server, "q6 consult2", old);
    assert_eq!(server.client().reserve(2, 1), (Status::Ok, 149));
    for _ in 0..3 {
        assert_eq!(server.client().view(2), 149);
    }
}
