//! A JUnit file: wrong work is a failure, an item that could not be judged an error.

use std::time::Duration;

use anyhow::Context;
use quick_junit::{NonSuccessKind, Report as Junit, TestCase, TestCaseStatus, TestSuite};

use crate::output::explanation::explanation;
use crate::verdict::item::{ItemReport, Verdict};
use crate::verdict::report::Report;
use crate::words::Words;

/// The file, with one suite for each report.
///
/// # Errors
/// If it cannot be put into XML.
pub fn xml(reports: &[Report], words: &Words) -> anyhow::Result<String> {
    let mut junit = Junit::new("grade");
    for report in reports {
        let name = format!("{}.{}", report.submission, report.question);
        let mut suite = TestSuite::new(name);
        suite.add_test_cases(report.items.iter().map(|item| case(item, words)));
        junit.add_test_suite(suite);
    }
    junit.to_string().context("cannot write XML")
}

fn case(item: &ItemReport, words: &Words) -> TestCase {
    let verdict = item.ruling.verdict;
    let mut status = match verdict {
        Verdict::Pass => TestCaseStatus::success(),
        Verdict::Skipped => TestCaseStatus::skipped(),
        Verdict::NotJudged => TestCaseStatus::non_success(NonSuccessKind::Error),
        _ => TestCaseStatus::non_success(NonSuccessKind::Failure),
    };
    if verdict != Verdict::Pass {
        status.set_message(item.ruling.cause.clone()).set_type(verdict.name());
        status.set_description(explanation(item, words));
    }
    let mut case = TestCase::new(item.id.clone(), status);
    case.set_time(Duration::try_from_secs_f64(item.seconds).unwrap_or_default());
    case
}
