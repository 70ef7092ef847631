//! What is printed about a hostile submission has the form of each format, and nothing else.

use std::fs;
use std::path::Path;

use grade::output::{human, junit, vpl};
use grade::verdict::report::Report;
use grade::words::Words;
use ipctop::messages::Language;

/// What is wrong with what was written, and with each format of this report.
pub(crate) fn wrong(out: &Path, report: &Report) -> Vec<String> {
    let mut wrong = Vec::new();
    let words = Words::new(Language::English);
    let mut check = |what: &str, is_right: bool| {
        if !is_right {
            wrong.push(format!("printed: {what}"));
        }
    };
    let page = fs::read_to_string(out.join("mallory.html")).unwrap();
    check("a script in HTML", !page.contains("<script>"));
    let marks = fs::read_to_string(out.join("marks.csv")).unwrap();
    check("lines of CSV", marks.lines().count() == 3);
    for name in ["overview.html", "mallory.html", "innocent.html", "marks.csv"] {
        check(name, is_harmless(&fs::read_to_string(out.join(name)).unwrap()));
    }
    let names: Vec<_> = fs::read_dir(out).unwrap().flatten().collect();
    check("other files", names.len() == 5);

    let text = human::page(report, &words, false);
    check("control characters for a person", is_harmless(&text));
    check(
        "a line of an item is forged",
        !text.lines().any(|line| line == "  pass  refusals  2 / 2"),
    );
    let lines = vpl::lines(report, &words);
    check("control characters for VPL", is_harmless(&lines));
    check("the end of comments is forged", lines.matches("--|>").count() == 1);
    let marks: Vec<&str> = lines.lines().filter(|line| line.starts_with("Grade")).collect();
    check("a mark is forged", marks == [format!("Grade :=>> {}", report.points)]);
    let xml = junit::xml(std::slice::from_ref(report), &words).unwrap();
    check("control characters in XML", is_harmless(&xml));
    let read = quick_junit::Report::deserialize_from_str(&xml).unwrap();
    check("cases in XML", read.tests == report.items.len());
    wrong
}

fn is_harmless(text: &str) -> bool {
    !text.chars().any(|c| c.is_control() && c != '\n')
}
