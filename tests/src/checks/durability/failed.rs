//! A write or a sync that fails is the server's last.

use std::ffi::OsStr;
use std::time::Duration;

use common::client::ask::Ask;
use common::protocol::reply::Status;

use crate::checks::asked::{reserve, strace};
use crate::checks::check::{Skipped, Verdict};
use crate::client::Client;
use crate::evidence::{fail, holds, same};
use crate::server::Server;
use crate::strace::Strace;
use crate::target::{Author, Target};

/// After a write or a sync that has failed there is no OK.
pub(crate) fn a_failed_sync_is_never_acknowledged_and_ends_the_server(target: &Target) -> Verdict {
    for fault in [
        "fdatasync:error=EIO",
        "fdatasync:error=EINTR",
        "pwrite64:error=ENOSPC",
        "pwrite64:retval=2",
    ] {
        let mut server = Server::start(target);
        let group = server.pid();
        let mut client = server.client();
        reserve(&mut client, 1, 1, (Status::Ok, 199));
        let strace = spoil_the_next(&server, fault)?;
        let sent = format!("RESERVE, with {fault} for its write or sync");
        expect_unavailable(&mut client, target, &sent);
        if let Ok(reply) = client.ask(Ask::Reserve { show: 1, seats: 1 }) {
            same(format!("{sent}, then another"), Some(Status::Unavailable), reply.status());
        }
        let status = server.wait(Duration::from_secs(5));
        same(format!("{sent}: exit status"), Some(2), status.code());
        let is_said = server.log().contains("cannot make reservations durable");
        holds(is_said, sent, "cannot make reservations durable", server.last_words());
        drop(strace);
        server.assert_nothing_left(group);
        server.launch();
        let left = server.client().view(1);
        let expected = "198 or 199: the reservation happened or not";
        holds([198, 199].contains(&left), "VIEW after the failed sync and a start", expected, left);
    }
    Ok(())
}

/// Makes the next write or sync of the data file fail.
///
/// strace counts for each thread by itself, and each request may have a thread of its own: so it is
/// the first call of each.
fn spoil_the_next(server: &Server, fault: &str) -> Result<Strace, Skipped> {
    let (file, inject) = (server.data_file(), format!("inject={fault}:when=1"));
    let calls = ["-e", "trace=fdatasync,pwrite64", "-e", &inject].map(OsStr::new);
    strace(&server.processes(), &[&[OsStr::new("-P"), file.as_os_str()], &calls[..]].concat())
}

/// Reserves, and expects to be told that it did not work.
fn expect_unavailable(client: &mut Client, target: &Target, sent: &str) {
    match client.ask(Ask::Reserve { show: 1, seats: 1 }) {
        Ok(reply) => same(sent, Some(Status::Unavailable), reply.status()),
        // A plain server does not wait until its last words are fetched. They were no OK.
        Err(_) if target.author() == Author::Plain => {}
        Err(error) => fail(sent, "UNAVAILABLE", format!("no reply: {error}")),
    }
}
