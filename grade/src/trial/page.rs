//! What is told of a trial, in 80 columns.

use crate::output::human::{line, wrap};
use crate::trial::check::Tried;
use crate::trial::proposal::Proposal;
use crate::verdict::item::Ruling;
use crate::words::{Words, text};

/// Where what was found begins.
const INDENT: usize = 11;

/// One line of the dialogue: what it matched, or why not and what the terminal showed.
pub fn tried(tried: &Tried, words: &Words) -> String {
    let mut page = String::new();
    match &tried.result {
        Ok(said) => line(&mut page, &format!("  {:<8} {said}", tried.key)),
        Err(ruling) => {
            page += &lost(tried.key, ruling, words);
        }
    }
    page
}

/// Something that is wrong: why, what was expected, and what was shown.
pub fn lost(key: &str, ruling: &Ruling, words: &Words) -> String {
    let mut cause = String::new();
    wrap(&mut cause, INDENT, &ruling.cause);
    let mut page = format!("! {key:<8} {}", cause.trim_start());
    for (part, what) in [("part-expected", &ruling.expected), ("part-actual", &ruling.actual)] {
        if !what.is_empty() {
            wrap(&mut page, INDENT, &words.say_with(part, &[("what", text(what.as_str()))]));
        }
    }
    for evidence in &ruling.evidence {
        line(&mut page, &format!("{:INDENT$}{evidence}", ""));
    }
    page
}

/// A paragraph.
pub fn paragraph(text: &str) -> String {
    let mut page = String::new();
    wrap(&mut page, 0, text);
    page
}

/// A proposal, to paste, and the lines that are missing in it.
pub fn proposed(name: &str, proposal: &Proposal, words: &Words) -> String {
    let mut page = format!("\n{}\n\n", words.say("trial-proposal"));
    page += &format!("[{name}.dialogue]\n{}", proposal.text());
    for key in &proposal.missing {
        let missing = words.say_with("trial-missing", &[("key", text(*key))]);
        wrap(&mut page, 0, &format!("# {missing}"));
    }
    page.push('\n');
    page
}
