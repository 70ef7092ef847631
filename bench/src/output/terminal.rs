//! A table on the terminal, 80 columns wide unless all of it is asked for.

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table as Drawn, presets};

use crate::output::table::Table;

/// Columns of a terminal that has not been widened.
const WIDTH: usize = 80;

/// The table with its title and note; where it is too wide its columns of the highest ranks are left
/// out, and the words of the rest are broken.
pub fn of(table: &Table) -> String {
    let mut shown = table.clone();
    while natural_width(&shown) > WIDTH {
        let ranks = shown.columns.iter().map(|column| column.rank).enumerate();
        let Some((at, _)) = ranks.filter(|(_, rank)| *rank > 0).max_by_key(|(_, rank)| *rank)
        else {
            break;
        };
        shown.columns.remove(at);
        shown.rows.iter_mut().for_each(|row| drop(row.remove(at)));
    }
    let hidden = table.columns.iter().filter(|column| !shown.columns.contains(column));
    let hidden: Vec<String> = hidden.map(|column| column.name.replace('\n', " ")).collect();
    let mut note = table.note.clone();
    if !hidden.is_empty() {
        note = format!("{note} --wide shows more columns: {}.", hidden.join("; "));
    }
    let mut drawn = draw(&shown);
    drawn.set_content_arrangement(ContentArrangement::Dynamic).set_width(WIDTH as u16);
    let texts = (0..shown.columns.len()).filter(|&at| shown.columns[at].is_text);
    // Figures are never broken, and of the words only the longest.
    let broken = texts.max_by_key(|&at| column_width(&shown, at));
    for (at, column) in drawn.column_iter_mut().enumerate() {
        if Some(at) != broken {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    format!("{}\n{drawn}\n{}\n", shown.title, wrap(&note))
}

/// The table with all its columns, as wide as it is.
pub fn wide(table: &Table) -> String {
    format!("{}\n{}\n{}\n", table.title, draw(table), wrap(&table.note))
}

fn draw(table: &Table) -> Drawn {
    let mut drawn = Drawn::new();
    let head: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
    drawn.load_style(presets::UTF8_FULL_CONDENSED).set_header(head).add_rows(&table.rows);
    drawn.set_content_arrangement(ContentArrangement::Disabled);
    for (drawn, column) in drawn.column_iter_mut().zip(&table.columns) {
        let is_text = column.is_text;
        drawn.set_cell_alignment(if is_text { CellAlignment::Left } else { CellAlignment::Right });
    }
    drawn
}

/// How wide a table is whose words are not broken: a blank on each side of a column, and a border.
fn natural_width(table: &Table) -> usize {
    (0..table.columns.len()).map(|at| column_width(table, at) + 3).sum::<usize>() + 1
}

/// The longest line of a column.
fn column_width(table: &Table, at: usize) -> usize {
    let width = |text: &str| text.lines().map(|line| line.chars().count()).max().unwrap_or(0);
    let cells = table.rows.iter().map(|row| width(&row[at]));
    cells.max().unwrap_or(0).max(width(table.columns[at].name))
}

/// Text in lines of at most 80 columns.
pub fn wrap(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last().map_or(0, |line| line.chars().count());
        if line > 0 && line + 1 + word.chars().count() > WIDTH {
            lines.push(String::new());
        }
        let line = lines.last_mut().expect("there is a line");
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::table::{figures, words};

    fn table(cell: &str) -> Table {
        let columns = [words("name"), figures("first").ranked(1), figures("second").ranked(2)];
        let rows = vec![vec!["q1".to_owned(), cell.to_owned(), cell.to_owned()]];
        Table::new("title", "note.", &columns, rows)
    }

    #[test]
    fn a_table_that_is_too_wide_says_what_it_leaves_out() {
        let whole = of(&table("12"));
        assert!(whole.contains("second") && !whole.contains("--wide"), "{whole}");
        let cut = of(&table(&"9".repeat(40)));
        assert!(cut.contains("--wide shows more columns: second."), "{cut}");
        assert!(cut.lines().all(|line| line.chars().count() <= WIDTH), "{cut}");
        assert!(wide(&table(&"9".repeat(40))).lines().any(|line| line.chars().count() > WIDTH));
    }

    #[test]
    fn a_long_cell_is_broken_at_its_words() {
        let cut = of(&Table {
            columns: vec![words("a")],
            rows: vec![vec!["word ".repeat(30)]],
            ..table("")
        });
        assert!(cut.lines().all(|line| line.chars().count() <= WIDTH), "{cut}");
    }
}
