//! The row of a table, made general from the rows that were shown.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use crate::trial::proposal::lines::{Word, compile, counted, pattern, words};

/// Words beside a number of seats.
static SEATS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^(places?|seats?|left|libres?|restantes?|disponibles?|available|remaining|billets?|tickets?)$")
        .expect("a pattern")
});

/// What stands in the place of a number when no seat is left.
static NONE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)complet|épuisé|sold.?out|full|aucune place|plus de places?|no seats?|none left|guichets fermés")
        .expect("a pattern")
});

/// What is known of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Table {
    /// Matches each of its rows.
    pub(super) row: String,
    /// What means that no seat is left, if a row says so.
    pub(super) none: Option<String>,
    /// The seats of the show that was asked for.
    pub(super) seats: Option<i64>,
    /// That show, as it is typed.
    pub(super) show: String,
    /// The words that belong to one show.
    pub(super) title: BTreeSet<String>,
}

/// A line that may be a row.
#[derive(Clone, Debug)]
struct Line<'a> {
    text: &'a str,
    words: Vec<Word<'a>>,
    /// Which of its words names the show.
    id: usize,
}

impl<'a> Line<'a> {
    fn at(text: &'a str, id: usize) -> Option<Line<'a>> {
        let words = words(text);
        (id < words.len()).then_some(Line { text, words, id })
    }

    fn before_id(&self) -> &'a str {
        self.text[..self.words[self.id].begin].trim()
    }

    /// The signs between the show and what follows.
    fn after_id(&self) -> &'a str {
        let rest = &self.text[self.words[self.id].end..];
        let end = rest.find(char::is_alphanumeric).unwrap_or(rest.len());
        // A minus belongs to the number after it.
        rest[..end].trim_end_matches('-').trim()
    }

    fn rest(&self) -> &[Word<'a>] {
        &self.words[self.id + 1..]
    }

    fn may_be_row(&self) -> bool {
        self.rest().iter().any(Word::is_number) || NONE.is_match(self.text)
    }

    fn is_like(&self, other: &Line<'_>) -> bool {
        self.before_id() == other.before_id()
            && self.after_id() == other.after_id()
            && self.words[self.id].is_number() == other.words[other.id].is_number()
    }
}

/// The table in a text, with the row of this show; the answer to a view of it tells its seats.
pub(super) fn find(text: &str, show: &str, view: &str) -> Option<Table> {
    let named = |line| {
        let mut at = (0..2).filter_map(move |id| Line::at(line, id));
        at.find(|line| line.words[line.id].text == show && line.may_be_row())
    };
    let own = text.lines().filter_map(named).next_back()?;
    let alike: Vec<Line<'_>> = text
        .lines()
        .filter_map(|line| Line::at(line, own.id))
        .filter(|line| line.is_like(&own) && line.may_be_row())
        .collect();
    let seats = seats(&own, view);
    let head = head(&own);
    // What matches most rows; of those the most exact, which comes first.
    let mut best = (0, String::new());
    for tail in seats.map(|at| tails(&own, at)).unwrap_or_default() {
        let row = compile(&format!("{head}.*?{tail}"))?;
        let count = alike.iter().filter(|line| row.is_match(line.text)).count();
        if count > best.0 {
            best = (count, tail);
        }
    }
    let tail = best.1;
    let matched = compile(&format!("{head}.*?{tail}")).filter(|_| !tail.is_empty());
    let is_matched = |line: &&Line<'_>| matched.as_ref().is_some_and(|row| row.is_match(line.text));
    let others = alike.iter().filter(|line| !is_matched(line));
    let none = others.filter_map(|line| NONE.find(line.text)).map(|found| found.as_str()).next();
    let row = match (&none, tail.is_empty()) {
        (Some(none), false) => format!("{head}.*?(?:{tail}|{})", pattern(none)),
        (None, false) => format!("{head}.*?{tail}"),
        (_, true) => return None,
    };
    let seats = seats.and_then(|at| own.words[at].number());
    let none = none.map(pattern);
    Some(Table { row, none, seats, show: show.to_owned(), title: title(&alike) })
}

/// Which number of a row says how many seats are left: the one that the view of the show says, too;
/// or the one beside such a word; or the last one.
fn seats(line: &Line<'_>, view: &str) -> Option<usize> {
    let numbers = || (line.id + 1..line.words.len()).filter(|&at| line.words[at].is_number());
    let viewed: Vec<i64> = words(view).iter().filter_map(Word::number).collect();
    let mut said =
        numbers().filter(|&at| line.words[at].number().is_some_and(|n| viewed.contains(&n)));
    if let (Some(at), None) = (said.next(), said.next()) {
        return Some(at);
    }
    let is_seats = |at: usize| line.words.get(at).is_some_and(|word| SEATS.is_match(word.text));
    let beside =
        numbers().find(|&at| is_seats(at + 1)).or_else(|| numbers().find(|&at| is_seats(at - 1)));
    beside.or_else(|| numbers().next_back())
}

/// The beginning of a row: the show, and what is around it.
fn head(line: &Line<'_>) -> String {
    let class = if line.words[line.id].is_number() { r"\d+" } else { r"\w+" };
    let before = pattern(line.before_id());
    let before = if before.is_empty() { before } else { before + r"\s*" };
    let after = pattern(line.after_id());
    let after = if after.is_empty() { r"\s".to_owned() } else { format!(r"\s*{after}") };
    format!(r"^\s*{before}(?<show>{class}){after}")
}

/// The number with what follows it, the most exact first: two words, one word, the end of the line or
/// a sign; or else with what stands before it.
fn tails(line: &Line<'_>, seats: usize) -> Vec<String> {
    const NUMBER: &str = r"(?<seats>-?\d+)";
    let number = &line.words[seats];
    let after = &line.text[number.end..];
    let following: Vec<&Word<'_>> =
        line.words[seats + 1..].iter().take_while(|word| !word.is_number()).take(2).collect();
    let mut tails = Vec::new();
    for last in following.iter().rev() {
        tails.push(format!("{NUMBER}{}", counted(&line.text[number.end..last.end])));
    }
    let end = after.find(char::is_alphanumeric).unwrap_or(after.len());
    let signs = after[..end].trim();
    if after.trim().is_empty() {
        tails.push(format!(r"{NUMBER}\s*$"));
    } else if !signs.is_empty() {
        tails.push(format!(r"{NUMBER}\s*{}", pattern(signs)));
    }
    let before = line.text[..number.begin].trim_end();
    let sign = before.rsplit(char::is_whitespace).next().unwrap_or_default();
    tails.push(format!(r"{}\s*{NUMBER}", pattern(sign)));
    tails
}

/// The words that are not in every row.
fn title(rows: &[Line<'_>]) -> BTreeSet<String> {
    let words = |row: &Line<'_>| -> BTreeSet<String> {
        let texts = row.rest().iter().filter(|word| !word.is_number());
        texts.map(|word| word.text.to_owned()).filter(|word| !NONE.is_match(word)).collect()
    };
    let all: Vec<BTreeSet<String>> = rows.iter().map(words).collect();
    let is_everywhere = |word: &String| {
        all.len() > 1 && all.iter().all(|row| row.contains(word)) || SEATS.is_match(word)
    };
    all.iter().flatten().filter(|word| !is_everywhere(word)).cloned().collect()
}
