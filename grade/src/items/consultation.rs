//! Does it show how many seats are left?

use crate::judge::course::{Asked, Course};
use crate::judge::hearing;
use crate::judge::scene::Scene;
use crate::verdict::item::{Ruling, Verdict};
use crate::words::{number, text};

/// How many shows are viewed one by one.
const VIEWED: usize = 3;

/// Lists the shows, and views some: what both say must agree.
pub(super) fn ask(course: &Course<'_>) -> Asked<Ruling> {
    let scene = Scene::start(course)?;
    let mut client = scene.client("ada")?;
    let rows = hearing::rows(course, &mut client)?;
    for row in rows.iter().take(VIEWED) {
        let left = hearing::left(course, &mut client, &row.show)?;
        if let Some(listed) = row.seats.filter(|listed| *listed != left) {
            let values = [
                ("show", text(row.show.as_str())),
                ("listed", number(listed)),
                ("viewed", number(left)),
            ];
            let fault = course.words.fault(Verdict::Fail, "fault-two-counts", &values);
            return Err(Box::new(fault.with_lines(hearing::last_lines(client.transcript()))));
        }
    }
    Ok(Ruling::pass(hearing::last_lines(client.transcript())))
}
