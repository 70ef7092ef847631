//! `report.md`.

use std::fmt::Write;

use crate::grid::Grid;
use crate::report::{facts, grids, method};
use crate::results::Results;

/// The whole file.
pub fn of(results: &Results) -> String {
    let mut text = String::from("# Unix IPC, side by side\n\n");
    text += &method(&results.method, &results.host);
    text += "\n\n";
    for (name, value) in facts(&results.host) {
        text += &format!("- {name}: {value}\n");
    }
    for grid in grids(results) {
        table(&mut text, &grid);
    }
    text
}

fn table(text: &mut String, grid: &Grid) {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | ").replace('\n', " "));
    let rule = format!("|{}\n", "---|".repeat(grid.head.len()));
    let rows: String = grid.rows.iter().map(|row| line(row)).collect();
    let (title, note) = (grid.title, &grid.note);
    write!(text, "\n## {title}\n\n{note}\n\n{}{rule}{rows}", line(&grid.head))
        .expect("a string takes all that is written");
}
