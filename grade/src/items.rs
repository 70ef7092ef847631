//! The items of a mark: what is asked of a submission, and what each item depends on.

/// An item.
#[derive(Debug)]
pub struct Item {
    /// Its name, in reports and in `[qN.points]`.
    pub id: &'static str,
    /// Its points, unless the assignment says otherwise.
    pub points: f64,
    /// The items without which it cannot be asked.
    pub depends_on: &'static [&'static str],
}

/// All of them, in the order in which they are asked.
pub static ALL: [Item; 9] = [
    Item { id: "builds", points: 1.0, depends_on: &[] },
    Item { id: "starts", points: 1.0, depends_on: &["builds"] },
    Item { id: "consultation", points: 3.0, depends_on: &["builds", "starts"] },
    Item { id: "reservation", points: 4.0, depends_on: &["builds", "starts", "consultation"] },
    Item { id: "refusals", points: 2.0, depends_on: &["builds", "starts", "consultation"] },
    Item { id: "many-clients", points: 3.0, depends_on: &["builds", "starts", "reservation"] },
    Item { id: "mechanism", points: 3.0, depends_on: &["builds", "starts", "consultation"] },
    Item { id: "survives", points: 2.0, depends_on: &["builds", "starts", "consultation"] },
    Item { id: "leaves-nothing", points: 1.0, depends_on: &["builds", "starts"] },
];

/// An item by its name.
pub fn find(id: &str) -> Option<&'static Item> {
    ALL.iter().find(|item| item.id == id)
}

/// The names of all items.
pub fn names() -> Vec<&'static str> {
    ALL.iter().map(|item| item.id).collect()
}
