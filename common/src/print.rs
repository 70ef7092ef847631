//! Answers as people and programs read them.

use std::io::{self, Write};

use serde::Serialize;
use unicode_width::UnicodeWidthStr;

use crate::ask::Ask;
use crate::record::Spectacle;
use crate::reply::{Reply, Status};

/// Prints the answer to `ask`, as text or as one JSON object.
///
/// # Errors
/// Of the writer.
pub fn reply(out: &mut impl Write, ask: Ask, reply: &Reply, json: bool) -> io::Result<()> {
    if json {
        return writeln!(out, "{}", to_json(ask, reply)?);
    }
    let (show, left) = (reply.show.get(), reply.seats.get());
    match (reply.status(), ask) {
        (Some(Status::Ok), Ask::List) => list(out, reply.rows()),
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
/// # Errors
/// Of the writer.
pub fn list(out: &mut impl Write, rows: &[Spectacle]) -> io::Result<()> {
    let shows: Vec<_> = rows.iter().filter(|row| row.id != 0).collect();
    let titles: Vec<_> = shows.iter().map(|row| visible(&row.title())).collect();
    let widest = titles.iter().map(|title| title.width()).max().unwrap_or(0).max("Title".len());
    // Padded by hand: format's width counts characters, but an accent may be one of its own and a
    // CJK title is wide.
    let pad = |title: &str| " ".repeat(widest - title.width());
    writeln!(out, " No  Title{}  Date             Seats", pad("Title"))?;
    for (row, title) in shows.iter().zip(&titles) {
        let (id, date, seats) = (row.id.get(), visible(&row.date()), row.seats.get());
        writeln!(out, "{id:>3}  {title}{}  {date:<10}  {seats:>10}", pad(title))?;
    }
    Ok(())
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

#[derive(Serialize)]
struct Object {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    shows: Option<Vec<Show>>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    decision: Option<Decision>,
}

#[derive(Serialize)]
struct Show {
    id: i32,
    title: String,
    date: String,
    seats: i32,
}

#[derive(Serialize)]
struct Decision {
    show: i32,
    seats: i32,
    server: i32,
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
    let listed = ask == Ask::List && reply.status() == Some(Status::Ok);
    let object = Object {
        status: status_name(reply.status()),
        shows: listed.then(|| shows().collect()),
        decision: (!listed).then(|| Decision {
            show: reply.show.get(),
            seats: reply.seats.get(),
            server: reply.server.get(),
        }),
    };
    // serde_json escapes the first 32 control characters only; the others are escaped here, in the
    // same notation.
    let text = serde_json::to_string(&object)?;
    Ok(text
        .chars()
        .map(|c| if is_hidden(c) { format!("\\u{:04x}", c as u32) } else { c.into() })
        .collect())
}

/// The protocol's name of a status, in lower case.
fn status_name(status: Option<Status>) -> &'static str {
    match status {
        Some(Status::Ok) => "ok",
        Some(Status::UnknownShow) => "unknown_show",
        Some(Status::NotEnoughSeats) => "not_enough_seats",
        Some(Status::BadSeats) => "bad_seats",
        Some(Status::Busy) => "busy",
        Some(Status::Unavailable) => "unavailable",
        Some(Status::Redirect) => "redirect",
        Some(Status::BadRequest) | None => "bad_request",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::Request;
    use crate::shows;
    use crate::table::Table;

    fn printed(table: &Table, ask: Ask, json: bool) -> String {
        let request = Request::new(7, 1, ask);
        let answer = table.clone().reply(&request, 4242);
        let mut out = Vec::new();
        reply(&mut out, ask, &answer, json).unwrap();
        String::from_utf8(out).unwrap()
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
            "{\"status\":\"unknown_show\",\"show\":99,\"seats\":0,\"server\":4242}\n"
        );
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
