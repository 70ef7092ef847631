//! What a run leaves: three files, and the tables on the terminal.

use std::fs;
use std::path::Path;

use anyhow::Context;

use crate::output::table::{Table, figures, words};
use crate::output::{conclusion, crowd, details, html, markdown, method, summary, terminal};
use crate::results::bar;
use crate::results::earlier::Move;
use crate::results::file::Results;

/// Writes `results.json`, `report.md` and `report.html`.
///
/// # Errors
/// If one cannot be written.
pub fn write(results: &Results, out: &Path) -> anyhow::Result<()> {
    let json = serde_json::to_string_pretty(results).context("cannot write JSON")?;
    let files = [
        ("results.json", json),
        ("report.md", markdown::of(results)),
        ("report.html", html::of(results)?),
    ];
    for (name, text) in files {
        let path = out.join(name);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// Prints the conclusion and the one table.
pub fn print(results: &Results, out: &Path, wide: bool) {
    let summary = summary::of(results);
    let drawn = if wide { terminal::wide(&summary) } else { terminal::of(&summary) };
    if let Some(warning) = method::warning(&results.method) {
        println!("{}\n", terminal::wrap(&warning));
    }
    println!("{}\n", terminal::wrap(&conclusion::of(results).join(" ")));
    println!("{drawn}");
    for table in [crowd::crowd(results), crowd::peers(results), crowd::beside(results)] {
        if !table.rows.is_empty() {
            println!("{}", if wide { terminal::wide(&table) } else { terminal::of(&table) });
        }
    }
    for line in crowd::facts_in_lines(results) {
        println!("{}\n", terminal::wrap(&line));
    }
    println!("{}", terminal::wrap(&method::in_words(&results.method, &results.host)));
    println!("written: {}/report.html, report.md, results.json", out.display());
}

/// Prints the bars, and names those that fall short; whether none does.
pub fn print_bars(results: &Results) -> bool {
    println!("\n{}", terminal::of(&details::bars(results)));
    let short = bar::short(&results.bars);
    for bar in &short {
        println!("falls short: {}", bar.line());
    }
    let unknown = results.bars.iter().filter(|bar| bar.holds().is_none()).count();
    if unknown > 0 || results.method.dirty_rounds > 0 {
        println!("{unknown} bars not measured, {} rounds dirty", results.method.dirty_rounds);
    }
    short.is_empty()
}

/// Prints what has moved by more than `threshold` percent, in either direction.
pub fn print_moves(moves: &[Move], threshold: f64) {
    let moved = moves.iter().filter(|step| step.worse_percent.abs() > threshold);
    let row = |step: &Move| {
        let word = if step.worse_percent > 0.0 { "worse" } else { "better" };
        vec![
            step.what.clone(),
            format!("{:.2}", step.before),
            format!("{:.2}", step.now),
            format!("{:.0} % {word}", step.worse_percent.abs()),
        ]
    };
    let note = format!(
        "{} figures are in both runs; these moved by more than {threshold} %.",
        moves.len()
    );
    let columns = [words("figure"), figures("before"), figures("now"), words("")];
    let title = "Compared with the earlier run";
    let table = Table::new(title, &note, &columns, moved.map(row).collect());
    println!("\n{}", terminal::of(&table));
}
