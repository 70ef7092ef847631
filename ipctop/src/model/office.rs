//! A box office: its table of seats.

use serde::Serialize;

/// A box office in scope.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Office {
    /// Its directory.
    pub dir: String,
    /// The PID in its lock file.
    pub server: Option<i32>,
    /// The package in its lock file.
    pub package: Option<String>,
    /// Whether that server lives.
    pub is_alive: bool,
    /// Its shows.
    pub shows: Vec<Show>,
}

/// A show.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Show {
    /// Its number.
    pub id: i32,
    /// Its title.
    pub title: String,
    /// Its date.
    pub date: String,
    /// Seats left.
    pub seats: i32,
    /// Seats sold since the last look.
    pub sold: i32,
}
