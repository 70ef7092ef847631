//! What an item is told, as text, for programs that have one field for it.

use crate::items;
use crate::verdict::item::{ItemReport, Verdict};
use crate::words::{Words, text};

/// What an item is told, line by line.
pub(super) fn explanation(item: &ItemReport, words: &Words) -> String {
    let ruling = &item.ruling;
    let verdict = words.say(&format!("verdict-{}", ruling.verdict.name()));
    let mut lines = vec![verdict];
    lines.extend([&ruling.cause, &ruling.expected, &ruling.actual].map(String::clone));
    lines.extend(ruling.evidence.iter().cloned());
    lines.push(ruling.hint.clone());
    lines.extend(explained(item, words));
    lines.retain(|line| !line.is_empty());
    lines.join("\n")
}

/// Where an item that is not passed is explained.
pub(crate) fn explained(item: &ItemReport, words: &Words) -> Option<String> {
    let page = items::page(&item.id).filter(|_| item.ruling.verdict != Verdict::Pass)?;
    Some(words.say_with("part-page", &[("page", text(page))]))
}
