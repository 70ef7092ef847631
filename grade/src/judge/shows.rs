//! The show that an item plays with: the one with most seats.

use crate::dialogue::client::Client;
use crate::judge::course::{Asked, Course};
use crate::judge::hearing;
use crate::words::number;

/// A show, and the seats that it has left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Show {
    /// As it is typed.
    pub name: String,
    /// The seats that it has left.
    pub seats: i64,
}

/// The shows that a client sees, with their seats, those with most first.
///
/// # Errors
/// What the submission lost by: it shows no table, or no counts.
pub fn all(course: &Course<'_>, client: &mut Client<'_>) -> Asked<Vec<Show>> {
    let mut shows = Vec::new();
    for row in hearing::rows(course, client)? {
        let seats = match row.seats {
            Some(seats) => seats,
            None => hearing::left(course, client, &row.show)?,
        };
        shows.push(Show { name: row.show, seats });
    }
    shows.sort_by_key(|show| std::cmp::Reverse(show.seats));
    Ok(shows)
}

/// The show with most seats; at least so many are needed.
///
/// # Errors
/// As for [`all`], or no show has so many.
pub fn with_seats(course: &Course<'_>, client: &mut Client<'_>, needed: i64) -> Asked<Show> {
    let shows = all(course, client)?;
    match shows.into_iter().next() {
        Some(show) if show.seats >= needed => Ok(show),
        _ => course.fail("fault-few-seats", &[("needed", number(needed))]),
    }
}
