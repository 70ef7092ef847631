//! The data file under a running server: somebody removes, replaces or cuts it, or starts a second
//! server on it.

use std::fs::{self, File};
use std::path::Path;
use std::time::Duration;

use common::client::ask::Ask;
use common::protocol::reply::Status;

use crate::checks::asked::reserve;
use crate::checks::check::{Check, Verdict};
use crate::client::Client;
use crate::effort::Effort;
use crate::evidence::{fail, holds, same};
use crate::server::Server;
use crate::target::Target;

/// Far more than a server needs to end by itself.
const SOON: Duration = Duration::from_secs(5);

/// The checks of this file.
pub const CHECKS: &[Check] = &[
    check!(
        P1,
        a_seat_sold_into_a_file_that_is_gone_is_never_acknowledged,
        "Does a server whose data file is removed, replaced or cut stop, without another OK?",
        "the protocol does not ask another server to look"
    ),
    check!(
        P9,
        a_second_server_is_refused_without_a_lock_file_too,
        "Is a second server refused although somebody has removed the lock file?",
        "another server need not lock its data file"
    ),
];

/// What somebody does to a data file: the command, what it does, and what the server then says.
type Harm = (&'static str, fn(&Path), &'static str);

const HARMS: [Harm; 5] = [
    ("rm -rf run", |file| fs::remove_dir_all(dir_of(file)).expect("DIR is ours"), "is gone"),
    ("cp spectacles.dat new; mv new spectacles.dat", replace, "is another file"),
    ("truncate -s 0 spectacles.dat", |file| cut(file, 0), "bytes long"),
    ("rm spectacles.dat", |file| fs::remove_file(file).expect("DIR is ours"), "is gone"),
    ("truncate -s 721 spectacles.dat", |file| cut(file, 721), "is 721 bytes long"),
];

fn dir_of(file: &Path) -> &Path {
    file.parent().expect("the data file stands in DIR")
}

fn replace(file: &Path) {
    let new = file.with_extension("new");
    fs::copy(file, &new).and_then(|_| fs::rename(new, file)).expect("DIR is ours");
}

fn cut(file: &Path, len: u64) {
    let opened = File::options().write(true).open(file);
    opened.and_then(|opened| opened.set_len(len)).expect("DIR is ours");
}

/// No OK goes into nowhere.
pub fn a_seat_sold_into_a_file_that_is_gone_is_never_acknowledged(target: &Target) -> Verdict {
    let count = Effort::asked().of(3, HARMS.len(), HARMS.len());
    for (harm, act, expected) in &HARMS[..count] {
        let mut server = Server::start(target);
        let group = server.pid();
        let mut client = server.client();
        reserve(&mut client, 1, 1, (Status::Ok, 199));
        act(&server.data_file());
        let sent = format!("{harm}, then a RESERVE");
        expect_no_ok(&mut client, &sent, server.dir().exists());
        let status = server.wait(SOON);
        same(format!("{sent}: exit status"), Some(2), status.code());
        let is_said = server.log().contains(expected);
        holds(is_said, &sent, format!("spectacles.dat {expected}"), server.last_words());
        drop(client);
        if !server.dir().exists() {
            fs::create_dir(server.dir()).expect("the base is ours");
        }
        server.assert_nothing_left(group);
    }
    Ok(())
}

/// UNAVAILABLE, or nothing where the way to the client is gone too.
fn expect_no_ok(client: &mut Client, sent: &str, can_reply: bool) {
    match client.ask(Ask::Reserve { show: 1, seats: 1 }) {
        Ok(reply) => same(sent, Some(Status::Unavailable), reply.status()),
        Err(error) if can_reply => fail(sent, "UNAVAILABLE", format!("no reply: {error}")),
        Err(_) => {}
    }
}

/// Two servers never sell the seats of one file.
pub fn a_second_server_is_refused_without_a_lock_file_too(target: &Target) -> Verdict {
    let server = Server::start(target);
    fs::remove_file(server.dir().join("lock")).expect("DIR is ours");
    let rival = server.rival();
    let error = String::from_utf8_lossy(&rival.stderr).into_owned();
    let is_refused = rival.status.code() == Some(2) && rival.stdout.is_empty();
    let word = "spectacles.dat: another server has locked it";
    let came = format!("{}: {error}", rival.status);
    let sent = "rm run/lock, and a second start";
    holds(is_refused && error.contains(word), sent, format!("exit status 2, `{word}`"), came);
    reserve(&mut server.client(), 1, 1, (Status::Ok, 199));
    Ok(())
}
