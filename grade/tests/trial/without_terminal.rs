//! Without a terminal the dialogue is tried, and that is all.

use std::process::{Output, Stdio};

use crate::submission::Course;

fn tried(course: &Course) -> (Option<i32>, String) {
    let Output { status, stdout, stderr } = course.command().stdin(Stdio::null()).output().unwrap();
    assert!(course.is_tidy());
    let said = String::from_utf8(stdout).unwrap() + &String::from_utf8(stderr).unwrap();
    assert!(said.lines().all(|line| line.chars().count() <= 80), "{said}");
    (status.code(), said)
}

#[test]
fn a_dialogue_that_works_is_said_line_by_line() {
    let (status, said) = tried(&Course::with("q2", "good-c-fixed-key"));
    for line in ["row      5 shows: 0 (100)", "refused  Réservation NOK", "The dialogue works."] {
        assert!(said.contains(line), "{said}");
    }
    assert_eq!(status, Some(0), "{said}");
}

#[test]
fn a_line_that_matches_nothing_is_named_with_what_was_shown() {
    let course = Course::with("q2", "good-c-fixed-key");
    course.replace("Réservation NOK", "Refus");
    let (status, said) = tried(&course);
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains("! refused  Nothing matches `Refus`;"), "{said}");
    assert!(said.contains("client| Places : 160"), "{said}");
    assert!(said.contains("client| Réservation NOK, il reste 159 places"), "{said}");
    assert!(said.contains("\n  quit     the client ends"), "{said}");
}

#[test]
fn a_pattern_that_counts_something_else_is_seen_by_its_count() {
    let course = Course::with("q2", "good-c-fixed-key");
    course.replace(r"encore (?<seats>-?\d+) places", r"encore (?<seats>\d)");
    let (status, said) = tried(&course);
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains("! left"), "{said}");
}

#[test]
fn a_build_that_fails_is_shown_and_a_misspelt_question_is_wrong_use() {
    let course = Course::with("q2", "good-c-fixed-key");
    std::fs::write(course.path("alice/server.c"), "int main(void) { return missing; }\n").unwrap();
    let (status, said) = tried(&course);
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains("! build") && said.contains("missing"), "{said}");
    let other = Course::with("q2", "good-c-fixed-key");
    let output = other.command().args(["--assignment", "nowhere"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
}
