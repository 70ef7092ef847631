//! A box office: its table of seats, its lock file, and what its messages say.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use common::booking::table::Table;
use common::program::process::is_alive;
use common::protocol::record::MAGIC;
use common::protocol::reply::{REPLY_SIZE, Reply};
use common::protocol::request::{Kind, REQUEST_SIZE, Request};
use common::server::lock;
use zerocopy::{FromBytes, IntoBytes};

use crate::clean::clean;
use crate::collect::index::Index;
use crate::collect::members::Members;
use crate::model::office::{Office, Show};
use crate::scope::{Scope, Target};

/// The name of the data file.
const DATA_FILE: &str = "spectacles.dat";
/// The statuses of a reply are below this; a request has its client's PID there.
const STATUSES: i32 = 8;

/// The box office of the scope's directory, or of a working directory of its processes.
pub(crate) fn find(scope: &Scope, members: &Members, open: &Index) -> Option<Office> {
    if let Target::Dir(dir) = &scope.target {
        return read(dir);
    }
    let asked = members.processes.iter().filter(|(_, is_asked)| **is_asked);
    let folders = open.directories(asked.map(|(&pid, _)| pid)).into_iter();
    let mut folders: Vec<PathBuf> = folders.flat_map(|cwd| [cwd.join("run"), cwd]).collect();
    folders.sort();
    folders.iter().find_map(|folder| read(folder))
}

fn read(dir: &Path) -> Option<Office> {
    let file = File::open(dir.join(DATA_FILE))
        .ok()
        .filter(|file| file.metadata().is_ok_and(|found| found.is_file() && found.len() == 720))?;
    let mut table = Table::new();
    file.read_exact_at(table.as_mut_bytes(), 0).ok()?;
    let holder = lock::holder(dir).ok().flatten();
    let rows = table.rows.iter().filter(|row| row.id.get() != 0);
    let show = |row: &common::protocol::record::Spectacle| Show {
        id: row.id.get(),
        title: clean(&row.title()),
        date: clean(&row.date()),
        seats: row.seats.get(),
        sold: 0,
    };
    Some(Office {
        dir: clean(&dir.display().to_string()),
        server: holder.as_ref().map(|holder| holder.pid),
        package: holder.as_ref().map(|holder| clean(&holder.package)),
        is_alive: holder.as_ref().is_some_and(|holder| is_alive(holder.pid)),
        shows: rows.map(show).collect(),
    })
}

/// What a message says, if it is one of protocol version 1.
pub(crate) fn meaning(text: &[u8]) -> Option<String> {
    if !text.starts_with(&MAGIC) {
        return None;
    }
    let status = text.get(4..8).and_then(|bytes| i32::from_le_bytes(bytes.try_into().ok()?).into());
    let is_reply = text.len() >= REPLY_SIZE && status.is_some_and(|s| (0..STATUSES).contains(&s));
    if is_reply {
        let reply = Reply::from_received(text)?;
        let status = reply.status().map_or("?".to_owned(), |status| format!("{status:?}"));
        let (show, seats) = (reply.show.get(), reply.seats.get());
        return Some(format!(
            "reply {status} show {show} seats {seats} rows {}",
            reply.count.get()
        ));
    }
    let request = Request::read_from_bytes(text.get(..REQUEST_SIZE)?).ok()?;
    let (client, show, seats) = (request.client.get(), request.show.get(), request.seats.get());
    Some(match request.kind()? {
        Kind::List => format!("LIST of {client}"),
        Kind::View => format!("VIEW {show} of {client}"),
        Kind::Reserve => format!("RESERVE {show} {seats} of {client}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use common::client::ask::Ask;
    use common::protocol::reply::Status;

    #[test]
    fn messages_of_the_protocol_are_read_and_others_are_not() {
        let request = Request::new(4711, 9, Ask::Reserve { show: 3, seats: 2 });
        assert_eq!(meaning(request.as_bytes()).as_deref(), Some("RESERVE 3 2 of 4711"));
        let reply = Reply::new(&request, Status::Busy, 7);
        let said = meaning(reply.bytes());
        assert_eq!(said.as_deref(), Some("reply Busy show 3 seats 0 rows 0"));
        for foreign in [&b"SPC1"[..], b"SPC1\x01\0\0\0", b"hello", b""] {
            assert_eq!(meaning(foreign), None);
        }
    }
}
