//! The marks of a course: a line for each student.

use anyhow::Context;

use crate::output::csv::{defuse, number};
use crate::verdict::report::Report;

/// What one student has got.
#[derive(Clone, Debug)]
pub struct Student {
    /// The student.
    pub name: String,
    /// For each question of the assignment its report; None: nothing was handed in.
    pub reports: Vec<(String, Option<Report>)>,
}

impl Student {
    /// All points together.
    pub fn points(&self) -> f64 {
        self.reports
            .iter()
            .filter_map(|(_, report)| report.as_ref())
            .map(|report| report.points)
            .sum()
    }

    /// Whether something could not be judged.
    pub fn is_incomplete(&self) -> bool {
        self.reports.iter().filter_map(|(_, report)| report.as_ref()).any(Report::is_incomplete)
    }
}

/// The table of marks; French spreadsheets want `;` between the cells, and decimal commas.
///
/// # Errors
/// If there is no memory for it.
pub fn table(students: &[Student], separator: u8) -> anyhow::Result<String> {
    let number = |points| number(points, separator);
    let mut writer = csv::WriterBuilder::new().delimiter(separator).from_writer(Vec::new());
    let questions = students.first().map_or(&[][..], |student| &student.reports);
    let names = questions.iter().map(|(question, _)| question.clone());
    let head = ["student".to_owned()].into_iter().chain(names).chain(["sum".to_owned()]);
    writer.write_record(head)?;
    for student in students {
        let marks = student.reports.iter().map(|(_, report)| match report {
            Some(report) if report.is_incomplete() => "?".to_owned(),
            Some(report) => number(report.points),
            None => String::new(),
        });
        let name = defuse(&student.name);
        let sum = if student.is_incomplete() { "?".to_owned() } else { number(student.points()) };
        writer.write_record([name].into_iter().chain(marks).chain([sum]))?;
    }
    let bytes = writer.into_inner().context("cannot write the table")?;
    String::from_utf8(bytes).context("cannot write the table")
}
