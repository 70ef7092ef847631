//! Each format is what its reader expects.

use serde_json::Value;

use crate::program::{Course, grade};

fn printed(format: &str, language: &str) -> String {
    let course = Course::new();
    let alice = course.path("alice").into_os_string().into_string().unwrap();
    let ran = grade(["q2", &alice, "--format", format, "--lang", language]);
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    assert_eq!(ran.stderr, "");
    ran.stdout
}

#[test]
fn json_keeps_its_schema() {
    let schema: Value = serde_json::from_str(include_str!("../../report.schema.json")).unwrap();
    let report: Value = serde_json::from_str(&printed("json", "en")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator.iter_errors(&report).map(|e| e.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}: {report:#}");
    assert_eq!(report["max"], 20.0);
    assert_eq!(report["items"][0]["verdict"], "fail");
    assert_eq!(report["items"][1]["verdict"], "skipped");
    let mut other = report;
    other["items"][0]["verdict"] = "passed".into();
    assert!(!validator.is_valid(&other), "the schema forbids nothing");
}

#[test]
fn junit_tells_wrong_work_from_what_was_left_out() {
    let xml = printed("junit", "en");
    let report = quick_junit::Report::deserialize_from_str(&xml).unwrap();
    let suite = &report.test_suites[0];
    assert_eq!((suite.tests, suite.failures, suite.errors, suite.disabled), (9, 1, 0, 8), "{xml}");
}

#[test]
fn gradescope_reads_its_results() {
    let results: Value = serde_json::from_str(&printed("gradescope", "en")).unwrap();
    let tests = results["tests"].as_array().unwrap();
    assert_eq!(tests.len(), 9);
    for test in tests {
        assert!(test["score"].as_f64().unwrap() <= test["max_score"].as_f64().unwrap());
        assert!(["passed", "failed"].contains(&test["status"].as_str().unwrap()));
        assert!(test["name"].is_string() && test["output"].is_string());
    }
    assert_eq!(results["score"], 0.0);
    let told = tests[0]["output"].as_str().unwrap();
    assert!(told.contains("missing") && told.contains("Mend the first line"), "{told}");
}

#[test]
fn moodle_finds_comments_and_the_mark() {
    let lines = printed("vpl", "fr");
    let (comments, rest) = lines.strip_prefix("<|--\n").unwrap().split_once("--|>\n").unwrap();
    assert!(comments.lines().all(|line| line.starts_with(['-', '>'])), "{comments}");
    assert_eq!(rest, "Grade :=>> 0\n");
}

#[test]
fn a_table_has_the_separator_of_its_language() {
    for (language, separator) in [("en", b','), ("fr", b';')] {
        let text = printed("csv", language);
        let mut reader =
            csv::ReaderBuilder::new().delimiter(separator).from_reader(text.as_bytes());
        let names: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
        let row = reader.records().next().unwrap().unwrap();
        assert_eq!((&row[0], &row[1], &row[2], row.len()), ("alice", "q2", "0", names.len()));
        assert_eq!(names[5], "builds");
    }
}

#[test]
fn a_person_reads_80_columns_without_colours_in_a_pipe() {
    for language in ["en", "fr"] {
        let page = printed("human", language);
        assert!(page.lines().all(|line| line.chars().count() <= 80), "{page}");
        assert!(!page.contains('\u{1b}'), "{page}");
    }
}
