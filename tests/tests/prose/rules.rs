//! The rules: what in a page breaks each of them, as far as a program can see it.

use super::text::{Block, Kind, blocks, ends_sentence, sentences, words};

/// Longest sentence, in words.
const SENTENCE_MAX: usize = 30;
/// Longest mean of the sentences of a page. The aim is 15; a page is not its aim to the word.
const MEAN_MAX: f64 = 16.0;
/// A mean of fewer sentences says nothing.
const MEAN_OF: usize = 10;
/// Longest paragraph, or item of a list, in words.
const PARAGRAPH_MAX: usize = 80;
/// Longest cell of a table, in words.
const CELL_MAX: usize = 20;
/// Longest line, in characters; tables, code and links cannot be broken.
const WIDTH_MAX: usize = 100;
/// Two sentences in a row that are as short as this were one.
const CHOPPED_MAX: usize = 3;
/// With these the rest of a sentence begins, and no sentence.
const GO_ON: [&str; 9] = [
    "And ",
    "Or ",
    "Nor ",
    "Whereas ",
    "Though ",
    "Which is ",
    "Which are ",
    "Which makes ",
    "Which means ",
];
/// What was done on which day is history, and belongs into commit messages.
const DIARY: [&str; 7] = [
    "yesterday",
    "was tried",
    "tried and",
    "run before",
    "earlier run",
    "and mended",
    "measured again",
];

/// A page of the project.
pub(crate) struct Page {
    /// Its path from the root.
    pub(crate) name: String,
    pub(crate) text: String,
}

/// A line of the page, and what is wrong there.
type Place = (usize, String);

/// Sentences of more than 30 words.
pub(crate) fn long_sentences(page: &Page) -> Vec<Place> {
    find(page, |block| {
        let sentences = sentences(&block.text);
        let long = sentences.iter().find(|sentence| sentence.len() > SENTENCE_MAX)?;
        Some(counted(long))
    })
}

/// The mean length of a page's sentences, if it is much above 15 words.
pub(crate) fn long_mean(page: &Page) -> Vec<Place> {
    // Whole sentences only: the short pieces in lists and tables would hide long ones.
    let lengths: Vec<usize> = blocks(&page.text)
        .iter()
        .filter(|block| [Kind::Paragraph, Kind::Item].contains(&block.kind))
        .flat_map(|block| sentences(&block.text))
        .filter(|sentence| sentence.last().is_some_and(|word| ends_sentence(word)))
        .map(|sentence| sentence.len())
        .collect();
    let mean = lengths.iter().sum::<usize>() as f64 / lengths.len().max(1) as f64;
    let is_long = lengths.len() >= MEAN_OF && mean > MEAN_MAX;
    if is_long { vec![(1, format!("{mean:.1} words"))] } else { Vec::new() }
}

/// Paragraphs of more than 80 words.
pub(crate) fn long_paragraphs(page: &Page) -> Vec<Place> {
    longer_than(page, PARAGRAPH_MAX, |kind| kind != Kind::Cell)
}

/// Cells of more than 20 words.
pub(crate) fn long_cells(page: &Page) -> Vec<Place> {
    longer_than(page, CELL_MAX, |kind| kind == Kind::Cell)
}

/// Lines of more than 100 columns that could have been broken.
pub(crate) fn wide_lines(page: &Page) -> Vec<Place> {
    let mut is_code = false;
    let mut wide = Vec::new();
    for (number, line) in page.text.lines().enumerate() {
        is_code ^= line.trim_start().starts_with("```");
        let is_fixed = is_code || line.starts_with(['|', '<']) || line.contains("](");
        let width = line.chars().count();
        if width > WIDTH_MAX && !is_fixed {
            wide.push((number + 1, format!("{width} columns")));
        }
    }
    wide
}

/// Full stops in the middle of what is one sentence.
pub(crate) fn pieces(page: &Page) -> Vec<Place> {
    let asks = |sentence: &Vec<String>| sentence.last().is_some_and(|word| word.contains('?'));
    let goes_on = |sentence: &&Vec<String>| {
        let text = sentence.join(" ").replace(',', "");
        GO_ON.iter().any(|&start| text.starts_with(start)) && !asks(sentence)
    };
    let is_chopped = |pair: &&[Vec<String>]| {
        pair.iter().all(|sentence| sentence.len() <= CHOPPED_MAX && !asks(sentence))
    };
    find(page, |block| {
        let sentences = sentences(&block.text);
        let piece = sentences.iter().skip(1).find(goes_on);
        // The first may be a label, as in "**Why two?** One is not enough."
        let chopped = sentences.windows(2).skip(1).find(is_chopped).map(|pair| &pair[1]);
        (block.kind != Kind::Cell).then_some(piece.or(chopped)?).map(|piece| beginning(piece))
    })
}

/// Days, commits and runs of the past, where a page does not have to tell them.
pub(crate) fn diary(page: &Page) -> Vec<Place> {
    find(page, |block| {
        if has_dates(page, block) {
            return None;
        }
        let text = words(&block.text).join(" ");
        let mut bare =
            text.split(' ').map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()));
        let day = bare.find(|word| is_date(word) || is_commit(word)).map(str::to_owned);
        let lower = text.to_lowercase();
        let phrase = || DIARY.iter().find(|&&phrase| lower.contains(phrase));
        day.or_else(|| phrase().map(|&phrase| phrase.to_owned()))
    })
}

/// Whether a page, or a section of one, tells what came out on which day.
fn has_dates(page: &Page, block: &Block) -> bool {
    let is_history = ["CHANGELOG.md", "docs/RELIABILITY.md"].contains(&page.name.as_str());
    let has_results = ["bench/README.md", "grade/README.md"].contains(&page.name.as_str());
    let is_result = has_results && block.section.contains("esult");
    is_history || is_result || page.name.starts_with("docs/decisions/")
}

/// `YYYY-MM-DD`.
fn is_date(word: &str) -> bool {
    let parts: Vec<&str> = word.split('-').collect();
    parts.iter().map(|part| part.len()).eq([4, 2, 2])
        && parts.concat().chars().all(|c| c.is_ascii_digit())
}

/// Seven hexadecimal digits, letters and numbers among them.
fn is_commit(word: &str) -> bool {
    word.len() == 7
        && word.chars().all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c))
        && word.contains(|c: char| c.is_ascii_digit())
        && word.contains(|c: char| c.is_ascii_lowercase())
}

/// What is wrong with each block.
fn find(page: &Page, wrong: impl Fn(&Block) -> Option<String>) -> Vec<Place> {
    let place = |block: &Block| wrong(block).map(|what| (block.line, what));
    blocks(&page.text).iter().filter_map(place).collect()
}

fn longer_than(page: &Page, max: usize, is_meant: impl Fn(Kind) -> bool) -> Vec<Place> {
    find(page, |block| {
        let words = words(&block.text);
        (is_meant(block.kind) && words.len() > max).then(|| counted(&words))
    })
}

fn counted(words: &[String]) -> String {
    format!("{} words, {} ...", words.len(), beginning(words))
}

fn beginning(words: &[String]) -> String {
    words[..words.len().min(6)].join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many places of a text break a rule.
    fn count(rule: fn(&Page) -> Vec<Place>, name: &str, text: &str) -> usize {
        rule(&Page { name: name.to_owned(), text: text.to_owned() }).len()
    }

    fn of(words: usize) -> String {
        "word ".repeat(words)
    }

    #[test]
    fn every_bound_holds_to_the_word() {
        let sentence = |words: usize| format!("It has{}.", " word".repeat(words - 2));
        assert_eq!(count(long_sentences, "a", &sentence(30)), 0);
        assert_eq!(count(long_sentences, "a", &sentence(31)), 1);
        assert_eq!(count(long_paragraphs, "a", &of(80)), 0);
        assert_eq!(count(long_paragraphs, "a", &format!("- {}", of(81))), 1);
        assert_eq!(count(long_cells, "a", &format!("| a | {}|", of(20))), 0);
        assert_eq!(count(long_cells, "a", &format!("| a | {}|", of(21))), 1);
        assert_eq!(count(long_mean, "a", &(sentence(16) + " ").repeat(10)), 0);
        assert_eq!(count(long_mean, "a", &(sentence(17) + " ").repeat(10)), 1);
        assert_eq!(count(long_mean, "a", &(sentence(17) + " ").repeat(9)), 0);
    }

    #[test]
    fn a_line_may_be_wide_only_where_it_cannot_be_broken() {
        let wide = of(30);
        assert_eq!(count(wide_lines, "a", &wide), 1);
        assert_eq!(count(wide_lines, "a", &"é".repeat(100)), 0);
        let fixed = format!("| {wide}\n[a]({wide})\n```\n{wide}\n```\n");
        assert_eq!(count(wide_lines, "a", &fixed), 0);
        assert_eq!(count(wide_lines, "a", &format!("{fixed}{wide}")), 1);
    }

    #[test]
    fn a_sentence_that_was_cut_in_two_is_found() {
        assert_eq!(count(pieces, "a", "The server waits here. And then it goes on."), 1);
        assert_eq!(count(pieces, "a", "It reads a line. Which means that it waits."), 1);
        assert_eq!(count(pieces, "a", "It waits for a line. It reads. It ends."), 1);
        assert_eq!(count(pieces, "a", "**Why?** It waits. Which of them ends first? They say."), 0);
    }

    #[test]
    fn days_and_commits_stand_only_where_results_do() {
        for text in ["On 2026-11-21 it ran.", "Since commit 0a1b2c3.", "It was tried twice."] {
            assert_eq!(count(diary, "README.md", text), 1, "{text}");
            assert_eq!(count(diary, "docs/RELIABILITY.md", text), 0);
            assert_eq!(count(diary, "docs/decisions/01-a.md", text), 0);
            let result = format!("## Results\n\n{text}\n");
            assert_eq!(count(diary, "bench/README.md", &result), 0);
            assert_eq!(count(diary, "bench/README.md", &(result + "\n## Method\n\n" + text)), 1);
        }
        assert_eq!(count(diary, "README.md", "At 127.0.0.1, 10-20-30, 1234567 or decades."), 0);
    }
}
