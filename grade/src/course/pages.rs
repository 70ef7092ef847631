//! The pages about a course: an overview, and one for each student.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::course::files;
use crate::course::marks::Student;
use crate::output::explanation::explained;
use crate::output::human::points;
use crate::verdict::item::{ItemReport, Verdict};
use crate::verdict::report::Report;
use crate::words::{Words, text};

const STYLE: &str = "
body { font: 16px/1.45 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; } th, td { text-align: left; padding: .25rem .8rem; }
tr + tr { border-top: 1px solid #ddd; } td.mark { text-align: right; }
.pass { color: #176b2c; } .fail, .crash { color: #a11; } .timeout, .flaky { color: #8a4b00; }
.skipped, .not_judged { color: #555; } pre { background: #f4f4f4; padding: .6rem; overflow-x: auto; }
@media (prefers-color-scheme: dark) {
  body { background: #161616; color: #ddd; } pre { background: #222; } a { color: #8bf; }
  .pass { color: #6c6; } .fail, .crash { color: #f77; } .timeout, .flaky { color: #fb6; }
  .skipped, .not_judged { color: #aaa; } tr + tr { border-color: #444; } }
";

fn page(title: &str, language: &str, body: &Markup) -> String {
    html! {
        (DOCTYPE)
        html lang=(language) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body { h1 { (title) } (body) }
        }
    }
    .into_string()
}

/// The file of a student's page.
pub fn file(student: &str) -> String {
    format!("{}.html", files::file_name(student))
}

/// The overview: a row for each student.
pub fn overview(students: &[Student], words: &Words) -> String {
    let questions = students.first().map_or(&[][..], |student| &student.reports);
    let body = html! {
        table {
            tr {
                th { (words.say("page-student")) }
                @for (question, _) in questions { th { (question) } }
                th { (words.say("page-sum")) }
            }
            @for student in students {
                tr {
                    td { a href=(file(&student.name)) { (student.name) } }
                    @for (_, report) in &student.reports { td.mark { (mark(report.as_ref(), words)) } }
                    td.mark { (points(student.points(), words)) }
                }
            }
        }
    };
    page(&words.say("page-overview"), words.code(), &body)
}

fn mark(report: Option<&Report>, words: &Words) -> String {
    match report {
        None => "-".to_owned(),
        Some(report) if report.is_incomplete() => "?".to_owned(),
        Some(report) => points(report.points, words),
    }
}

/// The page of one student: every question, every item.
pub fn student(student: &Student, words: &Words) -> String {
    let body = html! {
        @for (question, report) in &student.reports {
            h2 { (question) " " (mark(report.as_ref(), words)) }
            @match report {
                None => p { (words.say("page-nothing")) },
                Some(report) => (question_part(report, words)),
            }
        }
    };
    page(&student.name, words.code(), &body)
}

fn question_part(report: &Report, words: &Words) -> Markup {
    html! {
        @for note in &report.notes { p { (note) } }
        @if report.ran_bare() { p { (words.say("isolation-none")) } }
        table {
            @for item in &report.items {
                tr {
                    td class=(item.ruling.verdict.name()) {
                        (words.say(&format!("verdict-{}", item.ruling.verdict.name())))
                    }
                    td.mark { (points(item.points, words)) "/" (points(item.max, words)) }
                    td { (words.say(&format!("item-{}", item.id))) }
                }
            }
        }
        @for item in report.items.iter().filter(|item| is_told(item)) { (item_part(item, words)) }
    }
}

fn is_told(item: &ItemReport) -> bool {
    !matches!(item.ruling.verdict, Verdict::Pass | Verdict::Skipped)
}

fn item_part(item: &ItemReport, words: &Words) -> Markup {
    let ruling = &item.ruling;
    let parts = [
        words.say_with("part-expected", &[("what", text(ruling.expected.as_str()))]),
        words.say_with("part-actual", &[("what", text(ruling.actual.as_str()))]),
        words.say_with("part-hint", &[("hint", text(ruling.hint.as_str()))]),
    ];
    let [expected, actual, hint] = parts;
    html! {
        h3 { (item.id) }
        p { (ruling.cause) }
        @if !ruling.expected.is_empty() { p { (expected) } }
        @if !ruling.actual.is_empty() { p { (actual) } }
        @if !ruling.evidence.is_empty() { pre { (ruling.evidence.join("\n")) } }
        @if !ruling.hint.is_empty() { p { (hint) } }
        @if let Some(page) = explained(item, words) { p { (page) } }
    }
}
