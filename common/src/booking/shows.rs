//! Where a new table comes from: a `shows.toml`, or the built-in sample.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, bail, ensure};
use serde::Deserialize;
use time::Date;
use time::macros::format_description;
use toml::Spanned;
use zerocopy::FromZeros;
use zerocopy::little_endian::I32;

use crate::booking::table::Table;
use crate::protocol::record::{DATE_SIZE, ROWS, Spectacle, TITLE_SIZE};

/// Longest list of shows: ten shows need a few hundred bytes.
const FILE_MAX: u64 = 64 * 1024;

/// The shows of a server that was given none: title, date, seats.
const SAMPLE: [(&str, &str, i32); 8] = [
    ("Cyrano de Bergerac", "08/01/2027", 200),
    ("Le Songe d'une nuit d'été", "15/01/2027", 150),
    ("La Flûte enchantée", "22/01/2027", 120),
    ("En attendant Godot", "05/02/2027", 80),
    ("Œdipe roi", "19/02/2027", 100),
    ("Les Misérables", "12/03/2027", 300),
    ("Le Lac des cygnes", "26/03/2027", 180),
    ("Concert à l'aube", "09/04/2027", 40),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shows {
    show: Vec<Show>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Show {
    title: Spanned<String>,
    date: Spanned<String>,
    seats: Spanned<i64>,
}

/// The built-in table of eight shows.
pub fn sample() -> Table {
    let mut table = Table::new();
    for (row, (title, date, seats)) in SAMPLE.into_iter().enumerate() {
        table.rows[row] =
            spectacle(row as i32 + 1, title, date, seats).expect("the tests check the sample");
    }
    table
}

/// Reads a table from a TOML file: an array of tables `[[show]]` with `title`, `date`
/// (`DD/MM/YYYY`) and `seats`.
///
/// # Errors
/// If the file cannot be read, or names the line of the first thing wrong in it.
pub fn load(path: &Path) -> anyhow::Result<Table> {
    let mut text = String::new();
    File::open(path)
        .and_then(|file| file.take(FILE_MAX + 1).read_to_string(&mut text))
        .with_context(|| format!("cannot read {}", path.display()))?;
    ensure!(
        text.len() as u64 <= FILE_MAX,
        "{} is over {FILE_MAX} bytes long, no list of shows",
        path.display()
    );
    parse(&text).with_context(|| format!("cannot use {}", path.display()))
}

fn parse(text: &str) -> anyhow::Result<Table> {
    let shows = toml::from_str::<Shows>(text)?.show;
    ensure!(!shows.is_empty(), "there is no [[show]] in it");
    let mut table = Table::new();
    for (row, show) in shows.iter().enumerate() {
        let line = |at: usize| text[..at].matches('\n').count() + 1;
        let title_line = line(show.title.span().start);
        ensure!(
            row < ROWS,
            "line {title_line}: show {} is one too many, a table has {ROWS} rows",
            row + 1
        );
        let seats_line = line(show.seats.span().start);
        let seats = i32::try_from(*show.seats.get_ref()).with_context(|| {
            format!("line {seats_line}: {} seats are too many or too few", show.seats.get_ref())
        })?;
        table.rows[row] =
            spectacle(row as i32 + 1, show.title.get_ref(), show.date.get_ref(), seats).map_err(
                |fault| {
                    let line = match fault.field {
                        Field::Title => title_line,
                        Field::Date => line(show.date.span().start),
                        Field::Seats | Field::Id => seats_line,
                    };
                    anyhow::anyhow!("line {line}: {}", fault.message)
                },
            )?;
    }
    Ok(table)
}

/// What is wrong with a show, and where.
#[derive(Debug)]
pub struct Fault {
    field: Field,
    /// A sentence about the field.
    pub message: String,
}

#[derive(Debug, PartialEq, Eq)]
enum Field {
    Id,
    Title,
    Date,
    Seats,
}

/// The row of a show.
///
/// # Errors
/// If the id is not positive, the title is empty, over 49 bytes or holds a NUL, the date is none of
/// the calendar as `DD/MM/YYYY`, or the seats are negative.
pub fn spectacle(id: i32, title: &str, date: &str, seats: i32) -> Result<Spectacle, Fault> {
    let fault = |field, message| Err(Fault { field, message });
    if id <= 0 {
        return fault(Field::Id, format!("id {id} is not positive"));
    }
    if title.is_empty() || title.contains('\0') {
        return fault(Field::Title, "a title has at least one character and no NUL".into());
    }
    if title.len() >= TITLE_SIZE {
        let message =
            format!("the title is {} bytes long, at most {} fit", title.len(), TITLE_SIZE - 1);
        return fault(Field::Title, message);
    }
    let calendar = format_description!("[day]/[month]/[year]");
    if date.len() != DATE_SIZE - 1 || Date::parse(date, calendar).is_err() {
        return fault(Field::Date, format!("{date:?} is no date, write DD/MM/YYYY"));
    }
    if seats < 0 {
        return fault(Field::Seats, format!("{seats} seats are fewer than none"));
    }
    let mut row = Spectacle::new_zeroed();
    row.id = I32::new(id);
    row.title[..title.len()].copy_from_slice(title.as_bytes());
    row.date[..date.len()].copy_from_slice(date.as_bytes());
    row.seats = I32::new(seats);
    Ok(row)
}

/// Checks a row that somebody else wrote; an empty row is all zeros.
///
/// # Errors
/// Says what is wrong with it.
pub fn check(row: &Spectacle) -> anyhow::Result<()> {
    if *row == Spectacle::new_zeroed() {
        return Ok(());
    }
    let text = |bytes| std::str::from_utf8(crate::protocol::record::until_nul(bytes));
    let title = text(&row.title).context("the title is not UTF-8")?;
    let date = text(&row.date).context("the date is not UTF-8")?;
    match spectacle(row.id.get(), title, date, row.seats.get()) {
        Err(fault) => bail!(fault.message),
        Ok(made) => ensure!(made == *row, "the bytes after the title or the date are not zero"),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        format!("{:#}", parse(text).unwrap_err())
    }

    #[test]
    fn the_sample_is_eight_legal_shows() {
        let table = sample();
        assert_eq!(table.rows.iter().filter(|row| row.id != 0).count(), 8);
        table.rows.iter().for_each(|row| check(row).unwrap());
    }

    #[test]
    fn a_list_of_shows_gets_ids_in_order() {
        let text = "[[show]]\ntitle = 'Hamlet'\ndate = '29/02/2028'\nseats = 0\n[[show]]\ntitle = 'É'\ndate = '01/01/2027'\nseats = 2147483647\n";
        let table = parse(text).unwrap();
        assert_eq!(
            (table.rows[0].id.get(), &*table.rows[0].title(), table.rows[0].seats.get()),
            (1, "Hamlet", 0)
        );
        assert_eq!(
            (table.rows[1].id.get(), &*table.rows[1].title(), &*table.rows[1].date()),
            (2, "É", "01/01/2027")
        );
        assert_eq!(table.rows[2], Spectacle::new_zeroed());
    }

    #[test]
    fn each_mistake_is_named_with_its_line() {
        let show = |title: &str, date: &str, seats: &str| {
            format!("# shows\n[[show]]\ntitle = '{title}'\ndate = '{date}'\nseats = {seats}\n")
        };
        assert!(
            error(&show(&"x".repeat(50), "01/01/2027", "1"))
                .contains("line 3: the title is 50 bytes")
        );
        assert!(error(&show("", "01/01/2027", "1")).contains("line 3"));
        for date in
            ["29/02/2027", "1/1/2027", "2027-01-01", "32/01/2027", "01/13/2027", "", "01/01/+027"]
        {
            assert!(error(&show("a", date, "1")).contains("line 4"), "{date}");
        }
        for seats in ["-1", "2147483648", "-9223372036854775808"] {
            assert!(error(&show("a", "01/01/2027", seats)).contains("line 5"), "{seats}");
        }
        assert!(error(&show("a", "01/01/2027", "99999999999999999999")).contains("line 5"));
        assert!(error(&show("a", "01/01/2027", "'many'")).contains("line 5"));
        assert!(error(&show("a", "01/01/2027", "1\nplaces = 2")).contains("line 6"));
        assert!(
            error(&show("a", "01/01/2027", "1").repeat(11))
                .contains("line 53: show 11 is one too many")
        );
        assert!(error("").contains("show"));
        assert!(error("show = []").contains("no [[show]]"));
        assert!(error("[[show").contains("line 1"));
    }

    #[test]
    fn a_title_of_49_bytes_is_the_longest() {
        let row = spectacle(1, &"é".repeat(24), "01/01/2027", 1).unwrap();
        assert_eq!(row.title().chars().count(), 24);
        assert!(spectacle(1, &"x".repeat(49), "01/01/2027", 1).is_ok());
    }
}
