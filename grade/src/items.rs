//! The items of a mark: what is asked of a submission, and what each item depends on.

use crate::assignment::question::Question;
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
pub mod leaves_nothing;

pub mod wire;

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

/// Those of the doors outside and menu, in the order in which they are asked.
static ALL: [Item; 10] = [
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
        depends_on: &["builds", "starts", "consultation"],
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

/// The items of the wire door, level by level: it answers, many clients, a clean stop, hostile clients,
/// and last what needs a disk.
static WIRE: [Item; 11] = [
    promise("wire-starts", 1.0, &["builds"], |course| wire::ask(course, None)),
    promise("wire-answers", 4.0, STARTED, |course| wire::ask(course, Some("Protocol"))),
    promise("p3-not-oversold", 2.0, STARTED, |course| wire::ask(course, Some("P3"))),
    promise("p4-linearizable", 1.0, STARTED, |course| wire::ask(course, Some("P4"))),
    promise("p8-clean-stop", 2.0, STARTED, |course| wire::ask(course, Some("P8"))),
    promise("p9-one-server", 1.0, STARTED, |course| wire::ask(course, Some("P9"))),
    promise("p7-hostile", 3.0, STARTED, |course| wire::ask(course, Some("P7"))),
    promise("p2-at-most-once", 1.0, STARTED, |course| wire::ask(course, Some("P2"))),
    promise("p1-durable", 2.0, STARTED, |course| wire::ask(course, Some("P1"))),
    promise("p5-not-early", 1.0, STARTED, |course| wire::ask(course, Some("P5"))),
    promise("p6-failed-sync", 1.0, STARTED, |course| wire::ask(course, Some("P6"))),
];

/// What all others of this door depend on.
const STARTED: &[&str] = &["builds", "wire-starts"];

/// An item of the wire door.
const fn promise(
    id: &'static str,
    points: f64,
    depends_on: &'static [&'static str],
    ask: for<'a> fn(&'a Course<'a>) -> Asked<Ruling>,
) -> Item {
    Item { id, points, door: Door::Wire, depends_on, is_repeated: true, ask }
}

/// All of them, in the order in which they are asked.
pub fn all() -> impl Iterator<Item = &'static Item> {
    ALL.iter().chain(&WIRE)
}

/// Those that bring points in a question, by its doors; what they depend on is among them.
pub fn counted(question: &Question) -> Vec<&'static Item> {
    with_needed(|item| is_counted(question, item) && question.doors.contains(&item.door))
}

/// Whether an item brings points, if its door is open.
pub fn is_counted(question: &Question, item: &Item) -> bool {
    question.points.get(item.id).copied().unwrap_or(item.points) > 0.0
}

/// Those that are chosen, and those that they depend on.
pub fn with_needed(is_chosen: impl Fn(&Item) -> bool) -> Vec<&'static Item> {
    let chosen: Vec<&Item> = all().filter(|item| is_chosen(item)).collect();
    let is_needed = |item: &Item| chosen.iter().any(|other| other.depends_on.contains(&item.id));
    all().filter(|item| is_chosen(item) || is_needed(item)).collect()
}

/// An item by its name.
pub fn find(id: &str) -> Option<&'static Item> {
    all().find(|item| item.id == id)
}

/// Where an item is explained: a file of this project, and a heading in it.
pub fn page(id: &str) -> Option<String> {
    let file = match find(id)?.door {
        Door::Outside => "outside",
        Door::Menu => "menu",
        Door::Wire => "wire",
    };
    Some(format!("grade/docs/{file}.md#{id}"))
}

/// The names of all items.
pub fn names() -> Vec<&'static str> {
    all().map(|item| item.id).collect()
}

/// Asks an item once.
///
/// # Errors
/// What it lost by.
pub fn ask<'a>(course: &'a Course<'a>, item: &Item) -> Asked<Ruling> {
    (item.ask)(course)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn each_item_has_a_paragraph_where_its_verdicts_send_the_reader() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let mut explained = Vec::new();
        for item in all() {
            let page = page(item.id).unwrap();
            let (file, heading) = page.split_once('#').unwrap();
            let text = fs::read_to_string(root.join(file)).unwrap();
            let section = text.split("\n## ").find_map(|part| part.strip_prefix(heading));
            let section = section.unwrap_or_else(|| panic!("{file} has no heading {heading}"));
            assert!(section.starts_with("\n\n") && section.len() > 200, "{page}: {section}");
            explained.push(item.id);
        }
        for file in ["outside", "menu", "wire"] {
            let text = fs::read_to_string(root.join(format!("grade/docs/{file}.md"))).unwrap();
            for part in text.split("\n## ").skip(1) {
                let id = part.lines().next().unwrap();
                assert!(explained.contains(&id), "{file}.md explains {id}, which is no item");
            }
        }
    }
}
