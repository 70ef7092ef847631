//! The rules for prose, held against every page of the project.
#![expect(clippy::unwrap_used, reason = "a test's helpers may panic as the test itself")]

mod links;
mod rules;
mod text;

use std::fs;
use std::path::Path;

use rules::Page;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// Every `.md` of the tree, without what programs leave there.
fn pages() -> Vec<Page> {
    let mut folders = vec![root().to_owned()];
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
fn assert_none(what: &str, rule: impl Fn(&Page) -> Vec<(usize, String)>) {
    let of_page = |page: Page| {
        let broken = rule(&page);
        broken.into_iter().map(move |(line, wrong)| format!("{}:{line}: {wrong}", page.name))
    };
    let places: Vec<String> = pages().into_iter().flat_map(of_page).collect();
    assert!(places.is_empty(), "{what}:\n{}", places.join("\n"));
}

#[test]
fn a_sentence_has_30_words_at_most() {
    assert_none("sentences of more than 30 words", rules::long_sentences);
}

#[test]
fn the_sentences_of_a_page_have_some_15_words() {
    assert_none("pages whose sentences have more than 16 words in the mean", rules::long_mean);
}

#[test]
fn a_paragraph_has_80_words_at_most() {
    assert_none("paragraphs of more than 80 words", rules::long_paragraphs);
}

#[test]
fn a_cell_of_a_table_has_20_words_at_most() {
    assert_none("cells of more than 20 words", rules::long_cells);
}

#[test]
fn a_line_has_100_columns_at_most() {
    assert_none("lines of more than 100 columns", rules::wide_lines);
}

#[test]
fn a_full_stop_is_not_put_where_a_sentence_goes_on() {
    assert_none("pieces of sentences", rules::pieces);
}

#[test]
fn a_page_is_no_diary_of_the_laboratory() {
    assert_none("days, commits and runs of the past", rules::diary);
}

#[test]
fn every_link_leads_to_what_is_there() {
    assert_none("links to what is not there", |page| links::dead(page, root()));
}
