//! A grid on the terminal.

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

use crate::grid::Grid;

/// The grid, with its title and its note.
pub fn of(grid: &Grid) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED).set_header(&grid.head).add_rows(&grid.rows);
    // Words are broken where there is a terminal that is too narrow, and nowhere else.
    table.set_content_arrangement(match table.width() {
        Some(_) => ContentArrangement::Dynamic,
        None => ContentArrangement::Disabled,
    });
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    format!("{}\n{table}\n{}\n", grid.title, grid.note)
}
