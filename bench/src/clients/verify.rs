//! Whether a server does the work of a box office: a few requests, whose answers are compared with
//! one another and with the data file. A server that sells nothing is fast, and must not have a row.

use std::io::{Write, stdout};
use std::path::Path;

use anyhow::{Context, ensure};
use common::booking::table::Table;
use common::client::ask::Ask;
use common::protocol::record::Spectacle;
use common::protocol::reply::{Reply, Status};
use harness::client::Client;

use crate::clients::connection;
use crate::clients::order::Answer;
use crate::results::row::Protocol;
use crate::target::server::table_on_disk;

/// The show that seats are reserved of.
const SHOW: i32 = 3;
/// How many.
const SEATS: i32 = 2;

/// What was answered, and what the data file says afterwards.
#[derive(Clone, Debug)]
struct Seen {
    list_before: Vec<Spectacle>,
    view_before: i32,
    reserved: i32,
    view_after: i32,
    list_after: Vec<Spectacle>,
    file_after: Table,
}

/// The process: asks, judges, says in one line what it found, and ends.
///
/// # Errors
/// If it cannot speak to the process that started it.
pub fn run(protocol: Protocol, dir: &Path) -> anyhow::Result<u8> {
    let verified = table_on_disk(dir).and_then(|before| judge(&before, &ask(protocol, dir)?));
    let answer = match verified {
        Ok(()) => Answer::Ready,
        Err(error) => Answer::Failed(format!("{error:#}")),
    };
    let line = serde_json::to_string(&answer).context("cannot write an answer")? + "\n";
    stdout().write_all(line.as_bytes()).context("cannot write an answer")?;
    Ok(0)
}

fn ask(protocol: Protocol, dir: &Path) -> anyhow::Result<Seen> {
    let mut client = connection::client(protocol, dir)?;
    let (view, reserve) = (Ask::View { show: SHOW }, Ask::Reserve { show: SHOW, seats: SEATS });
    Ok(Seen {
        list_before: ok(&mut client, "LIST", Ask::List)?.rows().to_vec(),
        view_before: ok(&mut client, "VIEW", view)?.seats.get(),
        reserved: ok(&mut client, "RESERVE", reserve)?.seats.get(),
        file_after: table_on_disk(dir)?,
        view_after: ok(&mut client, "VIEW", view)?.seats.get(),
        list_after: ok(&mut client, "LIST", Ask::List)?.rows().to_vec(),
    })
}

fn ok(client: &mut Client, name: &str, ask: Ask) -> anyhow::Result<Reply> {
    let reply = *client.ask(ask)?;
    let status = reply.status();
    ensure!(status == Some(Status::Ok), "it answers {status:?} to {name}");
    Ok(reply)
}

fn judge(before: &Table, seen: &Seen) -> anyhow::Result<()> {
    let row = before.rows.iter().find(|row| row.id == SHOW).context("there is no such show")?;
    let left = row.seats.get() - SEATS;
    let list = |rows: &[Spectacle], seats: i32| {
        let mut expected = *before;
        for row in expected.rows.iter_mut().filter(|row| row.id == SHOW) {
            row.seats = seats.into();
        }
        rows == expected.rows
    };
    ensure!(
        list(&seen.list_before, row.seats.get()),
        "it lists nothing: the {} rows of its LIST are not those of its data file",
        seen.list_before.len()
    );
    ensure!(
        seen.view_before == row.seats.get(),
        "its VIEW says {} seats, its data file {}",
        seen.view_before,
        row.seats
    );
    let sold = "after a RESERVE of 2 seats of";
    ensure!(
        seen.reserved == left && seen.view_after == left && list(&seen.list_after, left),
        "it sells nothing: {sold} {} it answers {}, and a VIEW then {}",
        row.seats,
        seen.reserved,
        seen.view_after
    );
    let on_disk = seen.file_after.rows.iter().find(|row| row.id == SHOW);
    let on_disk = on_disk.context("its data file has lost a show")?.seats.get();
    ensure!(
        on_disk == left,
        "it writes nothing: {sold} {} its data file says {on_disk}",
        row.seats
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use common::booking::shows;

    fn honest() -> (Table, Seen) {
        let before = shows::sample();
        let mut after = before;
        let row = after.rows.iter_mut().find(|row| row.id == SHOW).unwrap();
        let seats = row.seats.get();
        row.seats = (seats - SEATS).into();
        let seen = Seen {
            list_before: before.rows.to_vec(),
            view_before: seats,
            reserved: seats - SEATS,
            view_after: seats - SEATS,
            list_after: after.rows.to_vec(),
            file_after: after,
        };
        (before, seen)
    }

    #[test]
    fn who_does_not_do_the_work_is_told_which() {
        let (before, seen) = honest();
        assert!(judge(&before, &seen).is_ok());
        let said = |seen: Seen| judge(&before, &seen).unwrap_err().to_string();
        let silent = Seen { list_before: Vec::new(), ..seen.clone() };
        assert!(said(silent).contains("lists nothing"));
        let idle = Seen {
            view_after: seen.view_before,
            list_after: before.rows.to_vec(),
            file_after: before,
            ..seen.clone()
        };
        assert!(said(idle).contains("sells nothing"));
        let forgetful = Seen { file_after: before, ..seen.clone() };
        assert!(said(forgetful).contains("writes nothing"));
        let wrong = Seen { view_before: 7, ..seen };
        assert!(said(wrong).contains("VIEW says 7 seats"));
    }
}
