//! What an item is told, as text, for programs that have one field for it.

use crate::verdict::item::ItemReport;
use crate::words::Words;

/// What an item is told, line by line.
pub(super) fn explanation(item: &ItemReport, words: &Words) -> String {
    let ruling = &item.ruling;
    let verdict = words.say(&format!("verdict-{}", ruling.verdict.name()));
    let mut lines = vec![verdict];
    lines.extend([&ruling.cause, &ruling.expected, &ruling.actual].map(String::clone));
    lines.extend(ruling.evidence.iter().cloned());
    lines.push(ruling.hint.clone());
    lines.retain(|line| !line.is_empty());
    lines.join("\n")
}
