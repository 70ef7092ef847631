//! A stage is killed, and another one is started in its DIR.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::process::Command;

use harness::attack::attacker::NeverReads;
use harness::effort::Effort;
use harness::seed;
use harness::server::Server;
use harness::stage::{ALL, Stage, is_ours};
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use crate::ended;

/// Pairs of stages that a quick run tries.
const SAMPLE: usize = 5;

#[test]
fn what_a_killed_stage_leaves_goes_with_the_start_of_any_other() {
    let name = "what_a_killed_stage_leaves_goes_with_the_start_of_any_other";
    if !is_ours(name) {
        return;
    }
    let of = |first: Stage| ALL.map(|second| (first, second));
    let mut pairs: Vec<(Stage, Stage)> = ALL.into_iter().flat_map(of).collect();
    seed::rng().shuffle(&mut pairs);
    pairs.truncate(Effort::asked().of(SAMPLE, usize::MAX, usize::MAX));
    for (first, second) in pairs {
        let mut server = Server::start(first);
        server.client().reserve(1, 1);
        drop(NeverReads::start(&server, 1));
        server.crash();
        server.hand_over(second);
        server.launch();
        assert_eq!(server.client().view(1), 199, "{first:?}, {second:?}");
        if first.mechanism().is_found_through_dir() && first.mechanism() != second.mechanism() {
            let mut client = Command::new(first.client());
            let (code, error) = ended(client.arg("--dir").arg(server.dir()).arg("list"));
            let holder = format!("{}, process {}, runs there", second.package(), server.pid());
            assert!(code == Some(2) && error.contains(&holder), "{first:?}: {error}");
        }
        // It checks what is left, of whatever stage.
        server.stop();
    }
}

#[test]
fn what_is_nobodys_stays_in_dir() {
    if !is_ours("what_is_nobodys_stays_in_dir") {
        return;
    }
    let mut server = Server::start(Stage::Q5Sockets);
    server.stop();
    let path = |name: &str| server.dir().join(name);
    mkfifo(&path("mine.fifo"), Mode::S_IRWXU).unwrap();
    fs::write(path("dw.notes.fifo"), "mine").unwrap();
    DirBuilder::new().mode(0o700).create(path("wd.mine.fifo")).unwrap();
    for stage in ALL {
        server.hand_over(stage);
        server.launch();
        server.crash();
    }
    server.launch();
    let path = |name: &str| server.dir().join(name);
    assert_eq!(fs::read(path("dw.notes.fifo")).unwrap(), b"mine");
    fs::remove_file(path("dw.notes.fifo")).unwrap();
    fs::remove_file(path("mine.fifo")).unwrap();
    fs::remove_dir(path("wd.mine.fifo")).unwrap();
}
