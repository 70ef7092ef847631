//! The words by which one answer is told from another.

use std::collections::BTreeSet;

use crate::trial::proposal::lines::{Word, compile, counted, pattern, words};
use crate::trial::proposal::table::Table;
use crate::trial::recording::Shown;

/// Words that a pattern has on one side of what it is about, at most.
const BESIDE: usize = 3;

/// The pattern of the answer to a view: the seats of the show, between the words beside them. The
/// first of these texts that has them is taken.
pub(super) fn left(texts: &[&str], table: &Table) -> Option<String> {
    texts.iter().find_map(|text| text.lines().find_map(|line| left_in(line, text, table)))
}

fn left_in(line: &str, text: &str, table: &Table) -> Option<String> {
    let words = words(line);
    let is_it = |word: &Word<'_>| match table.seats {
        Some(seats) => word.number() == Some(seats),
        None => word.is_number() && word.text != table.show,
    };
    let at = words.iter().rposition(is_it)?;
    let is_usable = |word: &&Word<'_>| !word.is_number() && !table.title.contains(word.text);
    let before = words[..at].iter().rev().take_while(is_usable).take(BESIDE).last();
    let after = words[at + 1..].iter().take_while(is_usable).take(BESIDE).last();
    let number = &words[at];
    let (begin, end) = match (before, after) {
        (None, None) => (None, None),
        (before, after) => (
            Some(before.map_or(number.begin, |word| word.begin)),
            Some(after.map_or(number.end, |word| word.end)),
        ),
    };
    let inner = |begin: usize, end: usize| {
        let (before, after) = (&line[begin..number.begin], &line[number.end..end]);
        format!(r"{}(?<seats>-?\d+){}", pattern(before), counted(after))
    };
    let made = match begin.zip(end) {
        Some((begin, end)) => inner(begin, end),
        None => format!("^{}$", inner(0, line.len())),
    };
    // What is read first must be this number.
    let found = compile(&made)?.captures(text)?.name("seats")?.as_str().parse().ok();
    (table.seats.is_none() || found == table.seats).then_some(made)
}

/// A pattern that matches what was shown, and neither the other answer nor what is shown when nothing
/// is reserved. Words of a title are not in it: another show has others.
pub(super) fn telling(
    shown: &Shown,
    other: &Shown,
    others: &[&str],
    title: &BTreeSet<String>,
) -> Option<String> {
    let elsewhere = || [other.text.as_str()].into_iter().chain(others.iter().copied());
    let tells = |pattern: &String| {
        let made = compile(pattern);
        made.is_some_and(|made| {
            made.is_match(&shown.text) && !elsewhere().any(|text| made.is_match(text))
        })
    };
    let known: BTreeSet<&str> = elsewhere().flat_map(words).map(|word| word.text).collect();
    let lines: Vec<&str> = shown.answer().lines().chain(shown.text.lines()).collect();
    let by_words =
        lines.iter().flat_map(|line| runs(line, title).into_iter().map(move |run| (line, run)));
    let by_words = by_words.filter_map(|(line, run)| told_by_words(line, &run, &known));
    let by_words = by_words.flat_map(|pattern| [pattern.clone(), format!(r"\b{pattern}")]);
    // The same words in another order, or the same sentence without its number.
    let is_general = |line: &&&str| words(line).iter().all(|word| !title.contains(word.text));
    let whole = lines.iter().filter(|line| !line.trim().is_empty()).filter(is_general);
    let whole = whole.map(|line| format!(r"^\s*{}\s*$", pattern(line.trim())));
    by_words.chain(whole).find(tells)
}

/// The words that follow each other with no number and no word of a title between them.
fn runs<'a>(line: &'a str, title: &BTreeSet<String>) -> Vec<Vec<Word<'a>>> {
    let words = words(line);
    let is_end = |word: &Word<'_>| word.is_number() || title.contains(word.text);
    words.split(is_end).filter(|run| !run.is_empty()).map(<[Word<'_>]>::to_vec).collect()
}

/// From some words before the first that only this answer has to the last such word of its clause:
/// what follows a colon is why.
fn told_by_words(line: &str, run: &[Word<'_>], known: &BTreeSet<&str>) -> Option<String> {
    let is_new = |word: &Word<'_>| !known.contains(word.text);
    let is_one_clause = |from: &Word<'_>, to: &Word<'_>| {
        from.end > to.begin || !line[from.end..to.begin].contains([':', ';', ',', '.', '!', '?'])
    };
    let first = run.iter().position(is_new)?;
    let of_clause = |word: &&Word<'_>| is_one_clause(&run[first], word);
    let last =
        run.iter().skip(first).take(BESIDE).take_while(of_clause).filter(|w| is_new(w)).last()?;
    let before = run[..first].iter().rev().take(BESIDE);
    let begin = before.take_while(|word| is_one_clause(word, &run[first])).last();
    Some(pattern(&line[begin.unwrap_or(&run[first]).begin..last.end]))
}
