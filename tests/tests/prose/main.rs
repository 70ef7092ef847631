//! The rules for prose, as far as a program can check them, held against every page of the project.
#![expect(clippy::unwrap_used, reason = "a test's helpers may panic as the test itself")]

mod text;

use std::fs;
use std::path::{Path, PathBuf};

use text::{Block, Kind, blocks, ends_sentence, sentences, words};

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
const DIARY: [&str; 8] = [
    "yesterday",
    "was tried",
    "tried and",
    "run before",
    "earlier run",
    "this machine",
    "other machine",
    "and mended",
];

/// A page of the project.
struct Page {
    name: String,
    text: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Every `.md` of the tree, without what programs leave there.
fn pages() -> Vec<Page> {
    let mut folders = vec![root()];
    let mut pages = Vec::new();
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            let file = path.file_name().unwrap().to_string_lossy().into_owned();
            let is_made = file.starts_with('.') || ["target", "bench-report"].contains(&&*file);
            if path.is_dir() && !is_made {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                let name = path.strip_prefix(root()).unwrap().display().to_string();
                pages.push(Page { name, text: fs::read_to_string(path).unwrap() });
            }
        }
    }
    pages.sort_by(|one, other| one.name.cmp(&other.name));
    assert!(pages.len() > 10, "where are the pages?");
    pages
}

/// Fails with every place where a page breaks the rule.
fn assert_none(rule: &str, broken: impl Fn(&Page, &Block) -> Option<String>) {
    let mut places = Vec::new();
    for page in pages() {
        for block in blocks(&page.text) {
            let place = |what| format!("{}:{}: {what}", page.name, block.line);
            places.extend(broken(&page, &block).map(place));
        }
    }
    assert!(places.is_empty(), "{rule}:\n{}", places.join("\n"));
}

fn beginning(words: &[String]) -> String {
    words[..words.len().min(6)].join(" ")
}

#[test]
fn a_sentence_has_30_words_at_most() {
    assert_none("sentences of more than 30 words", |_, block| {
        let sentences = sentences(&block.text);
        let long = sentences.iter().find(|sentence| sentence.len() > SENTENCE_MAX)?;
        Some(format!("{} words, {} ...", long.len(), beginning(long)))
    });
}

#[test]
fn the_sentences_of_a_page_have_some_15_words() {
    let mut long = Vec::new();
    for page in pages() {
        // Whole sentences only: the short pieces in lists and tables would hide long ones.
        let lengths: Vec<usize> = blocks(&page.text)
            .iter()
            .filter(|block| [Kind::Paragraph, Kind::Item].contains(&block.kind))
            .flat_map(|block| sentences(&block.text))
            .filter(|sentence| sentence.last().is_some_and(|word| ends_sentence(word)))
            .map(|sentence| sentence.len())
            .collect();
        let mean = lengths.iter().sum::<usize>() as f64 / lengths.len().max(1) as f64;
        if lengths.len() >= MEAN_OF && mean > MEAN_MAX {
            long.push(format!("{}: {mean:.1} words", page.name));
        }
    }
    assert!(long.is_empty(), "means of more than {MEAN_MAX} words:\n{}", long.join("\n"));
}

#[test]
fn a_paragraph_has_80_words_at_most() {
    assert_none("paragraphs of more than 80 words", |_, block| {
        let words = words(&block.text);
        (block.kind != Kind::Cell && words.len() > PARAGRAPH_MAX)
            .then(|| format!("{} words, {} ...", words.len(), beginning(&words)))
    });
}

#[test]
fn a_cell_of_a_table_has_20_words_at_most() {
    assert_none("cells of more than 20 words", |_, block| {
        let words = words(&block.text);
        (block.kind == Kind::Cell && words.len() > CELL_MAX)
            .then(|| format!("{} words, {} ...", words.len(), beginning(&words)))
    });
}

#[test]
fn a_line_has_100_columns_at_most() {
    let mut wide = Vec::new();
    for page in pages() {
        let mut is_code = false;
        for (number, line) in page.text.lines().enumerate() {
            is_code ^= line.trim_start().starts_with("```");
            let is_fixed = is_code || line.starts_with(['|', '<']) || line.contains("](");
            let width = line.chars().count();
            if width > WIDTH_MAX && !is_fixed {
                wide.push(format!("{}:{}: {width} columns", page.name, number + 1));
            }
        }
    }
    assert!(wide.is_empty(), "lines of more than 100 columns:\n{}", wide.join("\n"));
}

#[test]
fn a_full_stop_is_not_put_where_a_sentence_goes_on() {
    assert_none("pieces of sentences", |_, block| {
        let sentences = sentences(&block.text);
        let goes_on = |sentence: &&Vec<String>| {
            GO_ON.iter().any(|&start| sentence.join(" ").replace(',', "").starts_with(start))
                && !sentence.last().is_some_and(|word| word.ends_with('?'))
        };
        let is_chopped = |pair: &&[Vec<String>]| {
            let asks =
                |sentence: &Vec<String>| sentence.last().is_some_and(|word| word.contains('?'));
            pair.iter().all(|sentence| sentence.len() <= CHOPPED_MAX && !asks(sentence))
        };
        let piece = sentences.iter().skip(1).find(goes_on);
        // The first may be a label, as in "**Why two?** One is not enough."
        let chopped = sentences.windows(2).skip(1).find(is_chopped).map(|pair| &pair[1]);
        (block.kind != Kind::Cell).then_some(piece.or(chopped)?).map(|piece| beginning(piece))
    });
}

/// Whether a page, or a section of one, tells what came out on which day.
fn has_dates(page: &Page, block: &Block) -> bool {
    let is_history = ["CHANGELOG.md", "RELIABILITY.md"].iter().any(|end| page.name.ends_with(end));
    let is_result = page.name == "bench/README.md" && block.section.contains("esult");
    is_history || is_result || page.name.starts_with("docs/decisions/")
}

#[test]
fn a_page_is_no_diary_of_the_laboratory() {
    assert_none("days, commits and runs of the past", |page, block| {
        if has_dates(page, block) {
            return None;
        }
        let text = words(&block.text).join(" ");
        let is_date = |word: &str| {
            let parts: Vec<&str> = word.split('-').collect();
            matches!(parts.as_slice(), [year, month, day]
                if (year.len(), month.len(), day.len()) == (4, 2, 2)
                    && parts.concat().chars().all(|c| c.is_ascii_digit()))
        };
        let is_commit = |word: &str| {
            word.len() == 7
                && word.chars().all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c))
                && word.contains(|c: char| c.is_ascii_digit())
                && word.contains(|c: char| c.is_ascii_lowercase())
        };
        let mut bare =
            text.split(' ').map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()));
        let day = bare.find(|word| is_date(word) || is_commit(word)).map(str::to_owned);
        let lower = text.to_lowercase();
        day.or_else(|| DIARY.iter().find(|&&words| lower.contains(words)).map(|&it| it.to_owned()))
    });
}
