//! What becomes of a server's directory: it is copied or moved while the server runs.

use std::fs;
use std::process::Command;
use std::time::Duration;

use common::protocol::reply::Status;
use nix::sys::signal::Signal;

use crate::checks::asked::{expect_end, reserve};
use crate::checks::check::{Check, Verdict};
use crate::client::Client;
use crate::evidence::{fail, same};
use crate::leftovers;
use crate::server::Server;
use crate::stage::Mechanism;
use crate::target::Target;

/// The checks of this file.
pub const CHECKS: &[Check] = &[
    check!(
        P8,
        a_copy_of_a_live_servers_directory_harms_nobody,
        "Does a server in a copy of a live server's DIR leave that one its kernel objects?"
    ),
    check!(
        P8,
        a_moved_directory_is_left_clean,
        "Does a stop leave nothing behind when DIR has got another name?",
        "another server may use DIR by its name"
    ),
];

/// The lock file in a copy of DIR names the objects of a server that lives.
pub fn a_copy_of_a_live_servers_directory_harms_nobody(target: &Target) -> Verdict {
    let mut first = Server::start(target);
    reserve(&mut first.client(), 1, 1, (Status::Ok, 199));
    let mut second = Server::prepare(target, &[]);
    let mut copy = Command::new("cp");
    copy.arg("-a").arg(first.dir().join(".")).arg(second.dir());
    let copied = copy.output().expect("cp can be started");
    assert!(copied.status.success(), "{copied:?}");
    second.launch();
    let copied = if first.keeps_its_table() { 199 } else { 200 };
    reserve(&mut second.client(), 1, 2, (Status::Ok, copied - 2));
    reserve(&mut first.client(), 1, 1, (Status::Ok, 198));
    second.signal(Signal::SIGTERM);
    expect_end(&mut second, "SIGTERM to the server in the copy");
    same("a stop: files in the copy", Vec::<String>::new(), leftovers::files(&second.dir()));
    reserve(&mut first.client(), 1, 1, (Status::Ok, 197));
    first.stop();
    Ok(())
}

/// A server holds its DIR, not the name of it.
pub fn a_moved_directory_is_left_clean(target: &Target) -> Verdict {
    let mut server = Server::start(target);
    let moved = server.base().join("moved");
    fs::rename(server.dir(), &moved).expect("the base is ours");
    // Somebody else's, where DIR was.
    fs::create_dir(server.dir()).expect("the base is ours");
    fs::write(server.dir().join("consult.fifo"), "not a FIFO").expect("it is ours");
    let stage = target.stage();
    // A client over TLS looks there for the authority.
    let is_in_dir = stage.mechanism().is_found_through_dir() || stage.mechanism() == Mechanism::Tls;
    let place = if is_in_dir { &moved } else { &server.dir() };
    match Client::open(stage, place, Duration::from_secs(20)) {
        Ok(mut client) => same("a moved DIR, VIEW of show 1", 200, client.view(1)),
        Err(error) => fail("a moved DIR", "a server that is found", format!("{error:#}")),
    }
    server.signal(Signal::SIGTERM);
    expect_end(&mut server, "SIGTERM after DIR was moved");
    same("a stop: files in the moved DIR", Vec::<String>::new(), leftovers::files(&moved));
    let others = fs::read(server.dir().join("consult.fifo")).unwrap_or_default();
    same("a stop: what stands where DIR was", b"not a FIFO".as_slice(), &others);
    fs::remove_dir_all(server.dir()).expect("it is ours");
    fs::rename(&moved, server.dir()).expect("the base is ours");
    server.assert_nothing_left(i32::MAX);
    Ok(())
}
