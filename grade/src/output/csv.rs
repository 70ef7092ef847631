//! A table of marks: one line for each question of each submission.

use anyhow::Context;

use crate::verdict::report::Report;

/// The table, with a line of names first. French spreadsheets want `;` between the cells.
///
/// # Errors
/// If there is no memory for it.
pub fn table(reports: &[Report], separator: u8) -> anyhow::Result<String> {
    let mut writer = csv::WriterBuilder::new().delimiter(separator).from_writer(Vec::new());
    let mut names = vec!["submission", "question", "points", "max", "isolation"];
    names.extend(crate::items::names());
    writer.write_record(&names)?;
    for report in reports {
        let mut cells = vec![
            defuse(&report.submission),
            report.question.clone(),
            number(report.points, separator),
            number(report.max, separator),
            report.isolation.clone(),
        ];
        for id in crate::items::names() {
            let item = report.items.iter().find(|item| item.id == id);
            cells.push(item.map_or(String::new(), |item| item.ruling.verdict.name().to_owned()));
        }
        writer.write_record(&cells)?;
    }
    let bytes = writer.into_inner().context("cannot write the table")?;
    String::from_utf8(bytes).context("cannot write the table")
}

/// A number; where `;` stands between cells, a decimal comma does.
pub(crate) fn number(points: f64, separator: u8) -> String {
    match separator {
        b';' => points.to_string().replace('.', ","),
        _ => points.to_string(),
    }
}

/// A folder's name that a spreadsheet would take for a formula.
pub(crate) fn defuse(name: &str) -> String {
    match name.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => format!("'{name}"),
        false => name.to_owned(),
    }
}
