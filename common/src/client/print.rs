//! Answers as people and programs read them.

use std::io::{self, IsTerminal, Write};

use serde::Serialize;
use unicode_width::UnicodeWidthStr;

use crate::client::ask::Ask;
use crate::protocol::record::Spectacle;
use crate::protocol::reply::{Reply, Status};
use crate::sys;

/// Columns of a list besides those of titles and seats: a number of 3, a date of 10, 3 gaps of 2.
const OTHER_COLUMNS: usize = 3 + 10 + 3 * 2;
/// Columns of the greatest number of seats.
const SEATS_WIDTH: usize = 10;
/// Columns that titles keep in the narrowest terminal.
const TITLE_MIN: usize = 8;

/// How wide a line on standard output may be: as wide as a terminal; elsewhere there is no limit.
pub fn columns() -> Option<usize> {
    let out = io::stdout();
    if out.is_terminal() { sys::columns(sys::stdout()) } else { None }
}

/// Prints the answer to `ask` as one JSON object, which has the fields that its status defines.
///
/// # Errors
/// Of the writer.
pub fn json(out: &mut impl Write, ask: Ask, reply: &Reply) -> io::Result<()> {
    writeln!(out, "{}", to_json(ask, reply)?)
}

/// Prints the answer to `ask` as text; a list in lines of `columns` characters, if there is a limit.
///
/// # Errors
/// Of the writer.
pub fn text(
    out: &mut impl Write,
    ask: Ask,
    reply: &Reply,
    columns: Option<usize>,
) -> io::Result<()> {
    let show = reply.show.get();
    let left = reply.seats.get();
    match (reply.status(), ask) {
        (Some(Status::Ok), Ask::List) => list(out, reply.rows(), columns),
        (Some(Status::Ok), Ask::View { .. }) => writeln!(out, "show {show}: {} left", count(left)),
        (Some(Status::Ok), Ask::Reserve { seats, .. }) => {
            writeln!(out, "show {show}: {} reserved, {left} left", count(seats))
        }
        (Some(Status::UnknownShow), _) => writeln!(out, "show {show}: there is no such show"),
        (Some(Status::NotEnoughSeats), _) => {
            writeln!(out, "show {show}: not enough seats, {left} left")
        }
        (Some(Status::BadSeats), _) => {
            writeln!(out, "show {show}: a reservation is for at least 1 seat")
        }
        (Some(Status::Busy), _) => writeln!(out, "the server is busy, nothing was done: try again"),
        (Some(Status::Unavailable), _) => {
            writeln!(
                out,
                "the server is stopping or cannot write, nothing is promised: ask again later"
            )
        }
        (Some(Status::BadRequest | Status::Redirect) | None, _) => {
            writeln!(
                out,
                "the server did not understand this client: are both of the same version?"
            )
        }
    }
}

fn count(seats: i32) -> String {
    if seats == 1 { "1 seat".into() } else { format!("{seats} seats") }
}

/// Prints the shows of a table, the empty rows left out.
///
/// Where lines have a limit, the column of the seats is as narrow as its numbers, and titles that
/// are still too long are cut.
///
/// # Errors
/// Of the writer.
pub fn list(out: &mut impl Write, rows: &[Spectacle], columns: Option<usize>) -> io::Result<()> {
    let shows: Vec<_> = rows.iter().filter(|row| row.id != 0).collect();
    let mut titles: Vec<_> = shows.iter().map(|row| visible(&row.title())).collect();
    let mut seats_width = SEATS_WIDTH;
    let widest = |titles: &[String]| titles.iter().map(|title| title.width()).max().unwrap_or(0);
    if let Some(columns) = columns
        && columns < OTHER_COLUMNS + SEATS_WIDTH + widest(&titles)
    {
        let numbers = shows.iter().map(|row| row.seats.to_string().len());
        seats_width = numbers.max().unwrap_or(0).max("Seats".len());
        let room = columns.saturating_sub(OTHER_COLUMNS + seats_width).max(TITLE_MIN);
        titles.iter_mut().for_each(|title| shorten(title, room));
    }
    let title_width = widest(&titles).max("Title".len());
    // Padded by hand: format's width counts characters, but an accent may be one of its own and a
    // CJK title is wide.
    let pad = |title: &str| " ".repeat(title_width - title.width());
    writeln!(out, " No  Title{}  Date        {:>seats_width$}", pad("Title"), "Seats")?;
    for (row, title) in shows.iter().zip(&titles) {
        let id = row.id.get();
        let date = visible(&row.date());
        let seats = row.seats.get();
        writeln!(out, "{id:>3}  {title}{}  {date:<10}  {seats:>seats_width$}", pad(title))?;
    }
    Ok(())
}

/// Cuts a title that is wider than `columns`, and ends it with an ellipsis.
fn shorten(title: &mut String, columns: usize) {
    if title.width() <= columns {
        return;
    }
    // Character by character from the end: an accent of its own goes with its letter.
    while title.width() > columns - 1 {
        title.pop();
    }
    *title = title.trim_end().to_owned();
    title.push('…');
}

/// The text with a replacement for every character that could drive a terminal: titles come from
/// elsewhere.
fn visible(text: &str) -> String {
    text.chars().map(|c| if is_hidden(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// Control characters, and the formats that turn the direction of a line or break it.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// An answer; what its status does not define is left out.
#[derive(Serialize)]
struct Object {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    shows: Option<Vec<Show>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    show: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seats: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<i32>,
}

#[derive(Serialize)]
struct Show {
    id: i32,
    title: String,
    date: String,
    seats: i32,
}

fn to_json(ask: Ask, reply: &Reply) -> io::Result<String> {
    let shows = || {
        reply.rows().iter().filter(|row| row.id != 0).map(|row| Show {
            id: row.id.get(),
            title: row.title().into_owned(),
            date: row.date().into_owned(),
            seats: row.seats.get(),
        })
    };
    let status = reply.status();
    let is_table = ask == Ask::List && status == Some(Status::Ok);
    // One for the whole connection names no show, and with REDIRECT the field is a port.
    let names_show = ask != Ask::List && reply.nonce != 0 && status != Some(Status::Redirect);
    let counts_seats =
        ask != Ask::List && matches!(status, Some(Status::Ok | Status::NotEnoughSeats));
    let object = Object {
        status: status.unwrap_or(Status::BadRequest).name(),
        shows: is_table.then(|| shows().collect()),
        show: names_show.then(|| reply.show.get()),
        seats: counts_seats.then(|| reply.seats.get()),
        server: (!is_table).then(|| reply.server.get()),
    };
    // serde_json escapes the first 32 control characters only; the others are escaped here, in the
    // same notation.
    let text = serde_json::to_string(&object)?;
    Ok(text
        .chars()
        .map(|c| if is_hidden(c) { format!("\\u{:04x}", c as u32) } else { c.into() })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::booking::shows;
    use crate::booking::table::Table;
    use crate::protocol::request::Request;

    fn printed(table: &Table, ask: Ask, as_json: bool) -> String {
        let answer = table.clone().reply(&Request::new(7, 1, ask), 4242);
        let mut out = Vec::new();
        match as_json {
            true => json(&mut out, ask, &answer).unwrap(),
            false => text(&mut out, ask, &answer, None).unwrap(),
        }
        String::from_utf8(out).unwrap()
    }

    fn listed(table: &Table, columns: usize) -> Vec<String> {
        let mut out = Vec::new();
        list(&mut out, &table.rows, Some(columns)).unwrap();
        String::from_utf8(out).unwrap().lines().map(str::to_owned).collect()
    }

    #[test]
    fn titles_shrink_to_the_width_of_a_terminal() {
        let mut table = shows::sample();
        table.rows[8] = shows::spectacle(9, "歌舞伎座の夜の部", "01/01/2027", 5).unwrap();
        for columns in [0, 20, 40, 50, 79] {
            let lines = listed(&table, columns);
            let width = lines[0].width();
            assert!(width <= columns.max(OTHER_COLUMNS + 5 + TITLE_MIN), "{columns}: {lines:#?}");
            assert!(lines.iter().all(|line| line.width() == width), "{columns}: {lines:#?}");
            assert!(lines.iter().all(|line| !line.contains(" …")), "{lines:#?}");
        }
        assert!(listed(&table, 40)[2].starts_with("  2  Le Songe d'une…   15/01/2027"));
        assert!(listed(&table, 80).join("\n").contains("Le Songe d'une nuit d'été"));
        assert_eq!(
            listed(&table, 80),
            printed(&table, Ask::List, false).lines().collect::<Vec<_>>()
        );
    }

    #[test]
    fn a_list_is_aligned_whatever_its_letters() {
        let mut table = Table::new();
        let titles = ["Œdipe roi", "e\u{301}te\u{301}", "歌舞伎", "x"];
        for (row, title) in titles.iter().enumerate() {
            table.rows[row] = shows::spectacle(row as i32 + 1, title, "01/01/2027", 5).unwrap();
        }
        let text = printed(&table, Ask::List, false);
        let columns: Vec<usize> =
            text.lines().skip(1).map(|line| line[..line.find("01/").unwrap()].width()).collect();
        assert_eq!(columns, [16; 4], "{text}");
        assert_eq!(text.lines().count(), 5);
        assert!(
            text.lines().all(|line| line.width() == text.lines().next().unwrap().width()),
            "{text}"
        );
    }

    #[test]
    fn json_is_what_the_protocol_document_shows() {
        let table = shows::sample();
        let ask = Ask::Reserve { show: 3, seats: 2 };
        assert_eq!(
            printed(&table, ask, true),
            "{\"status\":\"ok\",\"show\":3,\"seats\":118,\"server\":4242}\n"
        );
        let ask = Ask::View { show: 99 };
        assert_eq!(
            printed(&table, ask, true),
            "{\"status\":\"unknown_show\",\"show\":99,\"server\":4242}\n"
        );
        let busy = Reply::new(&Request::new(7, 1, Ask::List), Status::Busy, 4242);
        let mut out = Vec::new();
        json(&mut out, Ask::List, &busy).unwrap();
        json(&mut out, ask, &Reply { nonce: 0.into(), ..busy }).unwrap();
        let expected = "{\"status\":\"busy\",\"server\":4242}\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected.repeat(2));
        let list = printed(&table, Ask::List, true);
        let start = "{\"status\":\"ok\",\"shows\":[{\"id\":1,\"title\":\"Cyrano de Bergerac\",\"date\":\"08/01/2027\",\"seats\":200},";
        assert!(list.starts_with(start), "{list}");
        let value: serde_json::Value = serde_json::from_str(&list).unwrap();
        assert_eq!(value["shows"].as_array().unwrap().len(), 8);
    }

    #[test]
    fn no_title_can_drive_a_terminal() {
        let title = "a\u{1b}[2J\r\u{7f}\u{9b}b\u{61c}\u{202e}\u{2028}c";
        let mut table = Table::new();
        table.rows[0] = shows::spectacle(1, title, "01/01/2027", 5).unwrap();
        for json in [false, true] {
            let text = printed(&table, Ask::List, json);
            // Written out: is_hidden cannot judge itself.
            let driving = ['\u{1b}', '\r', '\u{7f}', '\u{9b}', '\u{61c}', '\u{202e}', '\u{2028}'];
            assert!(!text.contains(driving), "{text:?}");
        }
        let value: serde_json::Value =
            serde_json::from_str(&printed(&table, Ask::List, true)).unwrap();
        assert_eq!(value["shows"][0]["title"], title);
    }
}
