//! The verdict on one item, with what was done, expected and seen.

use ipctop::clean::clean;
use serde::{Deserialize, Serialize};

/// More lines of evidence than this are not kept.
const LINES_MAX: usize = 200;

/// How an item came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It does what is asked.
    Pass,
    /// It does not.
    Fail,
    /// It was still busy, or silent, when its time was over.
    Timeout,
    /// A program of it died of a signal.
    Crash,
    /// It was not asked: something that it depends on has failed.
    Skipped,
    /// It passed sometimes.
    Flaky,
    /// The grader could not ask; nothing is lost by it.
    NotJudged,
}

impl Verdict {
    /// The name that JSON has for it, and the messages.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Pass => "pass",
            Verdict::Fail => "fail",
            Verdict::Timeout => "timeout",
            Verdict::Crash => "crash",
            Verdict::Skipped => "skipped",
            Verdict::Flaky => "flaky",
            Verdict::NotJudged => "not_judged",
        }
    }

    /// Whether points are lost.
    pub fn loses(self) -> bool {
        !matches!(self, Verdict::Pass | Verdict::NotJudged)
    }
}

/// What one asking of an item found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ruling {
    /// How it came out.
    pub verdict: Verdict,
    /// What is wrong, in a sentence for its student; empty if nothing is.
    pub cause: String,
    /// What was expected.
    pub expected: String,
    /// What came instead.
    pub actual: String,
    /// What was typed and shown, and what the kernel said.
    pub evidence: Vec<String>,
    /// What to look at first.
    pub hint: String,
    /// How long the turn that timed out could have taken, in milliseconds.
    pub budget_ms: Option<u64>,
}

impl Ruling {
    /// It does what is asked; the evidence says how that was seen.
    pub fn pass(evidence: Vec<String>) -> Ruling {
        Ruling { evidence, ..Ruling::of(Verdict::Pass) }
    }

    /// A verdict without words yet.
    pub fn of(verdict: Verdict) -> Ruling {
        Ruling {
            verdict,
            cause: String::new(),
            expected: String::new(),
            actual: String::new(),
            evidence: Vec::new(),
            hint: String::new(),
            budget_ms: None,
        }
    }

    /// The same, with what was expected and what came.
    pub fn saw(mut self, expected: impl Into<String>, actual: impl Into<String>) -> Ruling {
        self.expected = expected.into();
        self.actual = actual.into();
        self
    }

    /// The same, as it may be shown: no control characters, and no more than can be read.
    pub fn harmless(mut self) -> Ruling {
        for text in [&mut self.cause, &mut self.expected, &mut self.actual, &mut self.hint] {
            *text = harmless(text);
        }
        self.evidence.truncate(LINES_MAX);
        self.evidence.iter_mut().for_each(|line| *line = clean(line));
        self
    }

    /// The same, with these lines of evidence after the others.
    pub fn with_lines(mut self, lines: Vec<String>) -> Ruling {
        self.evidence.extend(lines);
        self
    }

    /// The same, with one more line of evidence.
    pub fn with(mut self, evidence: impl Into<String>) -> Ruling {
        self.evidence.push(evidence.into());
        self
    }
}

/// A text of some lines without control characters: a submission may have chosen its words.
pub fn harmless(text: &str) -> String {
    text.lines().take(LINES_MAX).map(clean).collect::<Vec<_>>().join("\n")
}

/// An item of a report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ItemReport {
    /// Its name.
    pub id: String,
    /// The points that it brings.
    pub points: f64,
    /// The points that it could bring.
    pub max: f64,
    /// What was found; of several runs, the first that lost.
    #[serde(flatten)]
    pub ruling: Ruling,
    /// How long all its runs took, in seconds.
    pub seconds: f64,
    /// How each run came out; an item that loses is run twice more.
    pub runs: Vec<Verdict>,
}
