//! The two files that others write: the data file, and the list of shows.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;

use common::booking::data_file;
use common::booking::shows;
use common::booking::table::Table;
use zerocopy::IntoBytes;

use super::records::int;
use super::{Diet, fuzz};

const DATA_FILE: Diet = Diet {
    name: "data-file",
    longest: 800,
    words: &[&[0; 72], b"29/02/2028", b"31/12/9999", "é".as_bytes(), &[0xff]],
};
const SHOWS: Diet = Diet {
    name: "shows",
    longest: 2000,
    words: &[
        b"[[show]]\n",
        b"title = ",
        b"date = ",
        b"seats = ",
        b"'29/02/2028'",
        b"\"\\u0000\"",
        b"0x7fffffff",
        b"\n",
        "é".as_bytes(),
    ],
};

/// Whether bytes are a table, by the protocol's words.
fn is_table(bytes: &[u8]) -> bool {
    let ids: Vec<i32> =
        bytes.chunks(72).filter(|row| row.len() == 72).map(|row| int(row, 0)).collect();
    let unique = (0..ids.len()).all(|at| ids[at] == 0 || !ids[..at].contains(&ids[at]));
    bytes.len() == 720 && unique && bytes.chunks(72).all(is_row)
}

fn is_row(row: &[u8]) -> bool {
    if row.iter().all(|&byte| byte == 0) {
        return true;
    }
    let (title, date) = (text(&row[4..54]), text(&row[54..65]));
    int(row, 0) > 0
        && title.is_some_and(|title| !title.is_empty())
        && date.is_some_and(is_date)
        && row[65..68] == [0; 3]
        && int(row, 68) >= 0
}

/// UTF-8 up to a NUL, and nothing but NULs from there on.
fn text(field: &[u8]) -> Option<&str> {
    let end = field.iter().position(|&byte| byte == 0)?;
    let padded = field[end..].iter().all(|&byte| byte == 0);
    str::from_utf8(&field[..end]).ok().filter(|_| padded)
}

/// A day of the calendar as `DD/MM/YYYY`.
fn is_date(date: &str) -> bool {
    let date = date.as_bytes();
    let digits = |at: &[usize]| {
        at.iter().try_fold(0, |sum, &at| {
            let digit = date[at].checked_sub(b'0').filter(|digit| *digit < 10)?;
            Some(10 * sum + i32::from(digit))
        })
    };
    if date.len() != 10 || date[2] != b'/' || date[5] != b'/' {
        return false;
    }
    let (Some(day), Some(month), Some(year)) =
        (digits(&[0, 1]), digits(&[3, 4]), digits(&[6, 7, 8, 9]))
    else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 => 28 + i32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    (1..=days).contains(&day)
}

/// The kind of an error: its words without numbers and what stands in quotes.
fn words(error: &anyhow::Error) -> String {
    let text = format!("{error:#}");
    let unquoted: String = text.split(['"', '`', '\'']).step_by(2).collect();
    unquoted.chars().filter(|c| c.is_alphabetic() || *c == ' ').take(60).collect()
}

#[test]
fn bytes_are_a_data_file_if_and_only_if_the_protocol_says_so() {
    fuzz(&DATA_FILE, |bytes, _| {
        let parsed = data_file::parse(bytes);
        assert_eq!(parsed.is_ok(), is_table(bytes), "{:?}", parsed.err());
        match parsed {
            Ok(table) => {
                assert_eq!(table.as_bytes(), bytes);
                let shows = table.rows.iter().filter(|row| row.id != 0).count();
                shows.to_string()
            }
            Err(error) => words(&error),
        }
    });
}

/// A table as a list of shows.
fn listed(table: &Table) -> String {
    let show = |row: &common::protocol::record::Spectacle| {
        let title: String = row.title().chars().map(|c| format!("\\U{:08X}", c as u32)).collect();
        format!("[[show]]\ntitle = \"{title}\"\ndate = '{}'\nseats = {}\n", row.date(), row.seats)
    };
    table.rows.iter().filter(|row| row.id != 0).map(show).collect()
}

#[test]
fn a_list_of_shows_makes_a_legal_table_or_is_refused_with_a_reason() {
    // In memory: a real disk would be what is measured.
    let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    let (path, again) = (folder.path().join("shows.toml"), folder.path().join("again.toml"));
    let file = File::create(&path).unwrap();
    fuzz(&SHOWS, |bytes, _| {
        file.write_all_at(bytes, 0).and_then(|()| file.set_len(bytes.len() as u64)).unwrap();
        match shows::load(&path) {
            Ok(table) => {
                assert!(is_table(table.as_bytes()));
                let ids: Vec<i32> =
                    table.rows.iter().map(|row| row.id.get()).filter(|&id| id != 0).collect();
                assert!(ids.iter().copied().eq(1..=ids.len() as i32) && !ids.is_empty());
                fs::write(&again, listed(&table)).unwrap();
                assert_eq!(shows::load(&again).unwrap(), table);
                ids.len().to_string()
            }
            Err(error) => words(&error),
        }
    });
}
