//! The items of a mark: what is asked of a submission, and what each item depends on.

use crate::judge::course::{Asked, Course};
use crate::options::Door;
use crate::verdict::item::Ruling;

pub mod builds;
pub mod starts;

pub mod consultation;
pub mod reservation;
pub mod refusals;
pub mod many_clients;
pub mod queued;

pub mod mechanism;
pub mod workers;
pub mod another_machine;
pub mod survives;
pub mod upkeep;
pub mod restart;
pub mod leaves_nothing;

/// An item.
#[derive(Debug)]
pub struct Item {
    /// Its name, in reports and in `[qN.points]`.
    pub id: &'static str,
    /// Its points, unless the assignment says otherwise; without any it is asked by name only.
    pub points: f64,
    /// How it asks.
    pub door: Door,
    /// The items without which it cannot be asked.
    pub depends_on: &'static [&'static str],
    /// Whether it is asked again if it loses: what a compiler says does not change.
    pub is_repeated: bool,
    /// Asks it.
    ask: for<'a> fn(&'a Course<'a>) -> Asked<Ruling>,
}

/// All of them, in the order in which they are asked.
pub static ALL: [Item; 10] = [
    Item {
        id: "builds",
        points: 1.0,
        door: Door::Outside,
        depends_on: &[],
        is_repeated: false,
        ask: builds::ask,
    },
    Item {
        id: "starts",
        points: 1.0,
        door: Door::Outside,
        depends_on: &["builds"],
        is_repeated: true,
        ask: starts::ask,
    },
    Item {
        id: "consultation",
        points: 3.0,
        door: Door::Menu,
        depends_on: &["builds", "starts"],
        is_repeated: true,
        ask: consultation::ask,
    },
    Item {
        id: "reservation",
        points: 4.0,
        door: Door::Menu,
        depends_on: &["builds", "starts", "consultation"],
        is_repeated: true,
        ask: reservation::ask,
    },
    Item {
        id: "refusals",
        points: 2.0,
        door: Door::Menu,
        depends_on: &["builds", "starts", "consultation"],
        is_repeated: true,
        ask: refusals::ask,
    },
    Item {
        id: "many-clients",
        points: 3.0,
        door: Door::Menu,
        depends_on: &["builds", "starts", "consultation", "reservation"],
        is_repeated: true,
        ask: many_clients::ask,
    },
    Item {
        id: "mechanism",
        points: 3.0,
        door: Door::Outside,
        depends_on: &["builds", "starts", "consultation"],
        is_repeated: true,
        ask: mechanism::ask,
    },
    Item {
        id: "survives",
        points: 2.0,
        door: Door::Outside,
        depends_on: &["builds", "starts", "consultation"],
        is_repeated: true,
        ask: survives::ask,
    },
    Item {
        id: "leaves-nothing",
        points: 1.0,
        door: Door::Outside,
        depends_on: &["builds", "starts"],
        is_repeated: true,
        ask: leaves_nothing::ask,
    },
    Item {
        id: "another-machine",
        points: 0.0,
        door: Door::Menu,
        depends_on: &["builds", "starts", "consultation"],
        is_repeated: true,
        ask: another_machine::ask,
    },
];

/// An item by its name.
pub fn find(id: &str) -> Option<&'static Item> {
    ALL.iter().find(|item| item.id == id)
}

/// The names of all items.
pub fn names() -> Vec<&'static str> {
    ALL.iter().map(|item| item.id).collect()
}

/// Asks an item once.
///
/// # Errors
/// What it lost by.
pub fn ask<'a>(course: &'a Course<'a>, item: &Item) -> Asked<Ruling> {
    (item.ask)(course)
}
