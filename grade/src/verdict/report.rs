//! The report of one question of one submission.

use serde::{Deserialize, Serialize};

use crate::verdict::item::{ItemReport, Verdict};

/// What one question of one submission got.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The question, as the assignment names it.
    pub question: String,
    /// The submission, as its folder is named.
    pub submission: String,
    /// The mark, in halves.
    pub points: f64,
    /// The best mark.
    pub max: f64,
    /// Whether the programs ran in namespaces of their own: `namespaces` or `none`.
    pub isolation: String,
    /// What the reader should know besides.
    pub notes: Vec<String>,
    /// The items, in the order in which they were asked.
    pub items: Vec<ItemReport>,
}

impl Report {
    /// A report of these items.
    ///
    /// An item that could not be judged counts for neither side: the mark is scaled up from the rest.
    pub fn new(question: &str, submission: &str, items: Vec<ItemReport>) -> Report {
        let max: f64 = items.iter().map(|item| item.max).sum();
        let judged = items.iter().filter(|item| item.ruling.verdict != Verdict::NotJudged);
        let judged: f64 = judged.map(|item| item.max).sum();
        let points: f64 = items.iter().map(|item| item.points).sum();
        let share = if judged > 0.0 { points / judged } else { 0.0 };
        Report {
            question: question.to_owned(),
            submission: submission.to_owned(),
            points: (share * max * 2.0).round() / 2.0,
            max,
            isolation: "none".to_owned(),
            notes: Vec::new(),
            items,
        }
    }

    /// Whether something could not be judged.
    pub fn is_incomplete(&self) -> bool {
        self.items.iter().any(|item| item.ruling.verdict == Verdict::NotJudged)
    }

    /// Whether programs ran beside all others: nothing was around them.
    pub fn ran_bare(&self) -> bool {
        let has_run = |item: &ItemReport| {
            !matches!(item.ruling.verdict, Verdict::NotJudged | Verdict::Skipped)
        };
        self.isolation == "none" && self.items.iter().any(has_run)
    }

    /// Whether no points are lost.
    pub fn is_full(&self) -> bool {
        !self.items.iter().any(|item| item.ruling.verdict.loses())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::item::Ruling;

    fn item(max: f64, verdict: Verdict) -> ItemReport {
        let points = if verdict == Verdict::Pass { max } else { 0.0 };
        let ruling = Ruling::of(verdict);
        ItemReport { id: "x".to_owned(), points, max, ruling, seconds: 0.0, runs: vec![verdict] }
    }

    #[test]
    fn what_could_not_be_judged_costs_nothing() {
        let items = vec![item(10.0, Verdict::Pass), item(10.0, Verdict::NotJudged)];
        let report = Report::new("q2", "alice", items);
        assert_eq!((report.points, report.max), (20.0, 20.0));
        assert!(report.is_incomplete() && report.is_full());
    }

    #[test]
    fn what_was_skipped_costs_its_points() {
        let items = vec![item(5.0, Verdict::Fail), item(15.0, Verdict::Skipped)];
        let report = Report::new("q2", "alice", items);
        assert_eq!((report.points, report.max), (0.0, 20.0));
        assert!(report.ran_bare());
    }

    #[test]
    fn nothing_judged_is_no_mark() {
        let report = Report::new("q2", "alice", vec![item(20.0, Verdict::NotJudged)]);
        assert_eq!(report.points, 0.0);
        assert!(report.is_incomplete() && !report.ran_bare());
    }
}
