//! What a program got, beside what it must get.

use std::collections::BTreeMap;

use crate::self_check::corpus::Expected;
use crate::verdict::item::Verdict;
use crate::verdict::report::Report;

/// What came of judging a program once.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// Its mark, or why it could not be judged at all.
    pub points: Result<f64, String>,
    /// Whether it got full marks, and everything was judged.
    pub is_accepted: bool,
    /// The items that got something else than what is written.
    pub misses: Vec<Miss>,
    /// What each item got of which something is written.
    pub verdicts: BTreeMap<String, Verdict>,
    /// How long it took.
    pub seconds: f64,
}

/// An item that got something else than what is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Miss {
    /// Its name.
    pub item: String,
    /// What is written.
    pub expected: Expected,
    /// What it got.
    pub verdict: Verdict,
    /// Why, and what was seen.
    pub cause: String,
}

impl Outcome {
    /// That of a report.
    pub fn of(expected: &BTreeMap<String, Expected>, report: &Report, seconds: f64) -> Outcome {
        let mut misses = Vec::new();
        let mut verdicts = BTreeMap::new();
        for (id, &expected) in expected {
            let item = report.items.iter().find(|item| item.id == *id);
            // An item that the assignment does not ask for was not judged.
            let verdict = item.map_or(Verdict::NotJudged, |item| item.ruling.verdict);
            verdicts.insert(id.clone(), verdict);
            if !is_as_written(verdict, expected) {
                let said = item.map(|item| [&item.ruling.cause, &item.ruling.actual]);
                let said = said.into_iter().flatten().filter(|text| !text.is_empty());
                let cause = said.cloned().collect::<Vec<_>>().join(" Seen: ");
                misses.push(Miss { item: id.clone(), expected, verdict, cause });
            }
        }
        let is_accepted = report.is_full() && !report.is_incomplete();
        Outcome { points: Ok(report.points), is_accepted, misses, verdicts, seconds }
    }

    /// That of a program that could not be judged at all: why.
    pub fn unknown(expected: &BTreeMap<String, Expected>, why: &str, seconds: f64) -> Outcome {
        let verdicts = expected.keys().map(|id| (id.clone(), Verdict::NotJudged)).collect();
        let points = Err(why.to_owned());
        Outcome { points, is_accepted: false, misses: Vec::new(), verdicts, seconds }
    }

    /// Whether an item lost that must not.
    pub fn loses_too_much(&self) -> bool {
        self.misses.iter().any(|miss| miss.expected == Expected::Pass && miss.verdict.loses())
    }

    /// Whether an item that must lose did not.
    pub fn loses_too_little(&self) -> bool {
        self.misses.iter().any(|miss| miss.expected != Expected::Pass && !miss.verdict.loses())
    }

    /// Whether an item came out one time so and one time so.
    pub fn is_flaky(&self) -> bool {
        self.verdicts.values().any(|verdict| *verdict == Verdict::Flaky)
    }

    /// Whether an item could not be judged.
    pub fn is_unjudged(&self) -> bool {
        self.verdicts.values().any(|verdict| *verdict == Verdict::NotJudged)
    }

    /// Whether the same was found another time, by whatever names it lost.
    pub fn agrees(&self, other: &Outcome) -> bool {
        let alike = |(a, b): (&Verdict, &Verdict)| {
            a == b || [a, b].into_iter().all(|verdict| is_as_written(*verdict, Expected::Fail))
        };
        self.verdicts.values().zip(other.verdicts.values()).all(alike)
    }
}

/// Whether a verdict is what is written; a time-out and a crash are ways to fail.
fn is_as_written(verdict: Verdict, expected: Expected) -> bool {
    match verdict {
        Verdict::Pass => expected == Expected::Pass,
        Verdict::Fail | Verdict::Timeout | Verdict::Crash => expected == Expected::Fail,
        Verdict::Skipped => expected == Expected::Skipped,
        Verdict::Flaky | Verdict::NotJudged => false,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::verdict::item::{ItemReport, Ruling};

    /// The outcome of items that must get something and get something.
    pub(crate) fn outcome(items: &[(Expected, Verdict)]) -> Outcome {
        let id = |at: usize| format!("item{at}");
        let expected = items.iter().enumerate().map(|(at, item)| (id(at), item.0)).collect();
        let report = |(at, item): (usize, &(Expected, Verdict))| ItemReport {
            id: id(at),
            points: if item.1 == Verdict::Pass { 1.0 } else { 0.0 },
            max: 1.0,
            ruling: Ruling::of(item.1),
            seconds: 0.0,
            runs: Vec::new(),
        };
        let items = items.iter().enumerate().map(report).collect();
        Outcome::of(&expected, &Report::new("q2", "alice", items), 1.0)
    }

    #[test]
    fn every_way_to_lose_is_as_written() {
        for verdict in [Verdict::Fail, Verdict::Timeout, Verdict::Crash] {
            let outcome = outcome(&[(Expected::Pass, Verdict::Pass), (Expected::Fail, verdict)]);
            assert!(outcome.misses.is_empty() && !outcome.is_accepted, "{outcome:?}");
        }
    }

    #[test]
    fn too_much_and_too_little_are_told_apart() {
        let much = outcome(&[(Expected::Pass, Verdict::Timeout), (Expected::Fail, Verdict::Fail)]);
        assert!(much.loses_too_much() && !much.loses_too_little());
        let little = outcome(&[(Expected::Pass, Verdict::Pass), (Expected::Fail, Verdict::Pass)]);
        assert!(little.loses_too_little() && !little.loses_too_much() && little.is_accepted);
        let skipped = outcome(&[(Expected::Fail, Verdict::Skipped)]);
        assert!(!skipped.loses_too_little() && skipped.misses.len() == 1);
    }

    #[test]
    fn what_was_not_judged_is_neither_accepted_nor_as_written() {
        let outcome = outcome(&[(Expected::Pass, Verdict::NotJudged)]);
        assert!(outcome.is_unjudged() && !outcome.is_accepted && !outcome.misses.is_empty());
    }

    #[test]
    fn two_outcomes_agree_if_the_same_items_lose() {
        let lost = |verdict| outcome(&[(Expected::Fail, verdict)]);
        assert!(lost(Verdict::Fail).agrees(&lost(Verdict::Timeout)));
        assert!(!lost(Verdict::Fail).agrees(&lost(Verdict::Pass)));
        assert!(!lost(Verdict::Fail).agrees(&lost(Verdict::Skipped)));
    }
}
