//! A grid on the terminal.

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

use crate::grid::Grid;

/// Columns of a terminal that does not say how wide it is.
const WIDTH: u16 = 160;

/// The grid, with its title and its note.
pub fn of(grid: &Grid) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::UTF8_FULL_CONDENSED)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(&grid.head)
        .add_rows(&grid.rows);
    if table.width().is_none() {
        table.set_width(WIDTH);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    format!("{}\n{table}\n{}\n", grid.title, grid.note)
}
