//! The matrix: how many programs were judged wrongly, by their kind, and whether the bars hold.

use std::collections::BTreeMap;

use crate::self_check::corpus::{Kind, Program};
use crate::self_check::outcome::{Miss, Outcome};
use crate::verdict::item::Verdict;

/// One in so many wrong programs may lose other items than those that are written.
const INEXACT_ONE_IN: usize = 20;

/// What was counted of one kind.
#[derive(Debug, Default)]
struct Row {
    programs: usize,
    accepted: usize,
    refused: usize,
    inexact: usize,
    too_little: usize,
    flaky: usize,
    unjudged: usize,
    seconds: Vec<f64>,
}

/// What was counted of all.
#[derive(Debug, Default)]
pub struct Matrix {
    rows: BTreeMap<Kind, Row>,
    misses: Vec<String>,
}

/// What must hold.
#[derive(Debug, PartialEq, Eq)]
pub struct Bar {
    /// What it asks for, and what was counted.
    pub text: String,
    /// Whether it holds.
    pub holds: bool,
}

impl Matrix {
    /// Counts a program, which was judged so often.
    pub fn add(&mut self, program: &Program, outcomes: &[Outcome]) {
        let is_right = program.kind == Kind::Right;
        let row = self.rows.entry(program.kind).or_default();
        let count = |is: &dyn Fn(&Outcome) -> bool| usize::from(outcomes.iter().any(is));
        row.programs += 1;
        if is_right {
            row.refused += count(&Outcome::loses_too_much);
        } else {
            row.accepted += count(&|outcome| outcome.is_accepted);
            row.too_little += count(&Outcome::loses_too_little);
        }
        row.inexact += count(&|outcome| !outcome.misses.is_empty());
        let differs = |outcome: &Outcome| !outcome.agrees(&outcomes[0]) || outcome.is_flaky();
        row.flaky += count(&differs);
        row.unjudged += count(&Outcome::is_unjudged);
        row.seconds.extend(outcomes.iter().map(|outcome| outcome.seconds));
        let mut lines: Vec<String> =
            outcomes.iter().flat_map(|outcome| lines(program, outcome)).collect();
        lines.sort();
        lines.dedup();
        self.misses.extend(lines);
    }

    /// A table in Markdown.
    pub fn table(&self) -> String {
        let mut table = String::from(
            "| kind | programs | wrong accepted | right refused | lost other items | lost too little \
             | flaky | not judged | seconds: median, longest, all |\n|---|---|---|---|---|---|---|---|---|\n",
        );
        for (kind, row) in &self.rows {
            let is_right = *kind == Kind::Right;
            let only = |is: bool, n: usize| if is { n.to_string() } else { String::new() };
            let cells = [
                kind.name().to_owned(),
                row.programs.to_string(),
                only(!is_right, row.accepted),
                only(is_right, row.refused),
                only(!is_right, row.inexact),
                only(!is_right, row.too_little),
                row.flaky.to_string(),
                row.unjudged.to_string(),
                seconds(&row.seconds),
            ];
            table += &format!("| {} |\n", cells.join(" | "));
        }
        table
    }

    /// A line for each item that got something else than what is written.
    pub fn misses(&self) -> &[String] {
        &self.misses
    }

    /// What must hold.
    pub fn bars(&self) -> Vec<Bar> {
        let sum = |count: fn(&Row) -> usize| self.rows.values().map(count).sum::<usize>();
        let none = |what: &str, count: usize| Bar {
            text: format!("{what}: {count}, and 0 are allowed"),
            holds: count == 0,
        };
        let wrong = self.rows.iter().filter(|(kind, _)| **kind != Kind::Right).map(|(_, row)| row);
        let (programs, inexact) =
            wrong.fold((0, 0), |(all, inexact), row| (all + row.programs, inexact + row.inexact));
        let allowed = programs / INEXACT_ONE_IN;
        vec![
            none("wrong programs accepted", sum(|row| row.accepted)),
            none("right programs refused", sum(|row| row.refused)),
            Bar {
                text: format!("lost other items: {inexact}, and {allowed} are allowed"),
                holds: inexact <= allowed,
            },
            none("lost too little", sum(|row| row.too_little)),
            none("flaky", sum(|row| row.flaky)),
            none("not judged", sum(|row| row.unjudged)),
        ]
    }
}

fn lines(program: &Program, outcome: &Outcome) -> Vec<String> {
    let (kind, name) = (program.kind.name(), &program.name);
    if let Err(why) = &outcome.points {
        return vec![format!("{kind} {name} was not judged: {why}")];
    }
    let line = |miss: &Miss| {
        let (verdict, expected) = (miss.verdict.name(), miss.expected.name());
        format!("{kind} {name}: {} is {verdict}, not {expected}: {}", miss.item, miss.cause)
    };
    // What was skipped against expectation is said by what it depends on.
    let is_cause = |miss: &&Miss| miss.verdict != Verdict::Skipped;
    let causes: Vec<String> = outcome.misses.iter().filter(is_cause).map(line).collect();
    if causes.is_empty() { outcome.misses.iter().map(line).collect() } else { causes }
}

fn seconds(all: &[f64]) -> String {
    let mut all = all.to_vec();
    all.sort_by(f64::total_cmp);
    let median = all.get(all.len() / 2).copied().unwrap_or_default();
    let longest = all.last().copied().unwrap_or_default();
    format!("{median:.0}, {longest:.0}, {:.0}", all.iter().sum::<f64>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::self_check::corpus::Expected::{Fail, Pass};
    use crate::self_check::corpus::tests::program;
    use crate::self_check::outcome::tests::outcome;

    /// The bars that do not hold.
    fn missed(programs: &[(&str, Outcome)]) -> Vec<String> {
        let mut matrix = Matrix::default();
        for (name, outcome) in programs {
            matrix.add(&program(name), std::slice::from_ref(outcome));
        }
        let missed = matrix.bars().into_iter().filter(|bar| !bar.holds);
        missed.map(|bar| bar.text.split(':').next().unwrap().to_owned()).collect()
    }

    #[test]
    fn all_bars_hold_if_each_program_gets_what_is_written() {
        let right = outcome(&[(Pass, Verdict::Pass)]);
        let wrong = outcome(&[(Fail, Verdict::Timeout)]);
        assert_eq!(missed(&[("good-a", right), ("mutant-b", wrong)]), [""; 0]);
    }

    #[test]
    fn each_miss_is_a_bar() {
        let refused = outcome(&[(Pass, Verdict::Fail)]);
        assert_eq!(missed(&[("twin-a", refused)]), ["right programs refused"]);
        let accepted = outcome(&[(Fail, Verdict::Pass)]);
        let bars = ["wrong programs accepted", "lost other items", "lost too little"];
        assert_eq!(missed(&[("impostor-a", accepted)]), bars);
        let flaky = outcome(&[(Fail, Verdict::Flaky)]);
        assert_eq!(missed(&[("mutant-a", flaky)]), ["lost other items", "flaky"]);
        let unjudged = outcome(&[(Pass, Verdict::NotJudged)]);
        assert_eq!(missed(&[("good-a", unjudged)]), ["not judged"]);
    }

    #[test]
    fn one_wrong_program_of_twenty_may_lose_something_else() {
        let exact = || ("mutant-a", outcome(&[(Fail, Verdict::Fail), (Pass, Verdict::Pass)]));
        let other = || ("mutant-b", outcome(&[(Fail, Verdict::Fail), (Pass, Verdict::Fail)]));
        let mut programs: Vec<_> = (0..19).map(|_| exact()).collect();
        programs.push(other());
        assert_eq!(missed(&programs), [""; 0]);
        programs.push(other());
        assert_eq!(missed(&programs), ["lost other items"]);
    }

    #[test]
    fn a_program_that_is_judged_otherwise_the_next_time_is_flaky() {
        let runs = [outcome(&[(Fail, Verdict::Fail)]), outcome(&[(Fail, Verdict::Pass)])];
        let mut matrix = Matrix::default();
        matrix.add(&program("bad-a"), &runs);
        let bar = matrix.bars().into_iter().find(|bar| bar.text.starts_with("flaky")).unwrap();
        assert!(!bar.holds, "{bar:?}");
        assert_eq!(matrix.misses().len(), 1);
    }
}
