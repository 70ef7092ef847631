//! A table as words: the terminal, Markdown and HTML print the same one.

/// A table.
#[derive(Clone, Debug)]
pub struct Table {
    /// What it shows.
    pub title: String,
    /// How to read it.
    pub note: String,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows, each with a cell for every column.
    pub rows: Vec<Vec<String>>,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name; a line break where a narrow table may break it.
    pub name: &'static str,
    /// Words stand to the left, figures to the right.
    pub is_text: bool,
    /// Where a table is too wide, columns with a high number go first; those with 0 stay.
    pub rank: u8,
}

/// A column of words.
pub const fn words(name: &'static str) -> Column {
    Column { name, is_text: true, rank: 0 }
}

/// A column of figures.
pub const fn figures(name: &'static str) -> Column {
    Column { name, is_text: false, rank: 0 }
}

impl Column {
    /// The same, with a rank.
    pub const fn ranked(self, rank: u8) -> Column {
        Column { rank, ..self }
    }
}

impl Table {
    /// A table.
    pub fn new(title: &str, note: &str, columns: &[Column], rows: Vec<Vec<String>>) -> Table {
        let (title, note) = (title.to_owned(), note.to_owned());
        Table { title, note, columns: columns.to_vec(), rows }
    }
}
