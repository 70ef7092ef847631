//! `report.md`.

use std::fmt::Write;

use crate::output::table::Table;
use crate::output::{conclusion, details, method, words};
use crate::results::file::Results;

/// The whole file.
pub fn of(results: &Results) -> String {
    let mut text = String::from("# Unix IPC, side by side\n\n");
    if let Some(warning) = method::warning(&results.method) {
        text += &format!("**{warning}**\n\n");
    }
    text += &conclusion::of(results).join("\n");
    text += "\n\n";
    for (word, meaning) in words::DEFINITIONS {
        text += &format!("- **{word}**: {meaning}\n");
    }
    for table in details::all(results) {
        add(&mut text, &table);
    }
    text += &format!(
        "\n## Method and host\n\n{}\n\n",
        method::in_words(&results.method, &results.host)
    );
    for (name, value) in method::facts(&results.host) {
        text += &format!("- {name}: {value}\n");
    }
    text
}

fn add(text: &mut String, table: &Table) {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | ").replace('\n', " "));
    let head: Vec<String> =
        table.columns.iter().map(|column| column.name.trim().to_owned()).collect();
    let rule = table.columns.iter().map(|column| if column.is_text { ":---|" } else { "---:|" });
    let rows: String = table.rows.iter().map(|row| line(row)).collect();
    let (title, note, rule) = (&table.title, &table.note, rule.collect::<String>());
    write!(text, "\n## {title}\n\n{note}\n\n{}|{rule}\n{rows}", line(&head))
        .expect("a string takes all that is written");
}
