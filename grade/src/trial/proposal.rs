//! A dialogue made of what a person typed and what was shown.

pub mod answers;
pub mod keys;
pub mod lines;
pub mod table;

use crate::assignment::dialogue::Dialogue;
use crate::trial::proposal::keys::Places;
use crate::trial::recording::Recording;

/// What was proposed, and which lines could not be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proposal {
    /// The lines that are known, in their order: the key and its value as TOML.
    pub lines: Vec<(&'static str, String)>,
    /// The keys for which nothing was found that tells one answer from the others.
    pub missing: Vec<&'static str>,
}

impl Proposal {
    /// The lines as a dialogue; None: some are missing.
    pub fn dialogue(&self) -> Option<Dialogue> {
        toml::from_str(&self.text()).ok()
    }

    /// The lines as TOML, without the name of their table.
    pub fn text(&self) -> String {
        self.lines.iter().map(|(key, value)| format!("{key} = {value}\n")).collect()
    }

    fn keys(&mut self, key: &'static str, keys: &str) {
        self.lines.push((key, quoted(keys)));
    }

    fn pattern(&mut self, key: &'static str, pattern: Option<String>) {
        match pattern {
            Some(pattern) => self.lines.push((key, literal(&pattern))),
            None => self.missing.push(key),
        }
    }
}

/// Makes a dialogue of a recording.
pub fn propose(recording: &Recording) -> Proposal {
    let mut made = Proposal::default();
    let places = Places::find(recording);
    let view_shown = recording.view.as_ref().map(|view| view.answer());
    let table = places.as_ref().and_then(|places| {
        table::find(&recording.list.text, &places.show, view_shown.unwrap_or_default())
    });
    let left = recording.view.as_ref().zip(table.as_ref());
    let left = left.map(|(view, table)| answers::left(&[view.answer(), &view.text], table));
    if !recording.open.is_empty() {
        let open: Vec<String> = keys::open(&recording.open).iter().map(|k| quoted(k)).collect();
        made.lines.push(("open", format!("[{}]", open.join(", "))));
    }
    if !recording.list.keys.is_empty() {
        made.keys("list", &recording.list.keys);
    }
    made.pattern("row", table.as_ref().map(|table| table.row.clone()));
    if let (Some(view), Some(places)) = (&recording.view, &places) {
        made.keys("view", &keys::view(&view.keys, &places.show));
        if let Some(left) = left {
            made.pattern("left", left);
        }
    }
    if let Some(none) = table.as_ref().and_then(|table| table.none.clone()) {
        made.pattern("none", Some(none));
    }
    match &places {
        Some(places) => made.keys("reserve", &places.reserve),
        None => made.missing.push("reserve"),
    }
    let title = table.as_ref().map(|table| table.title.clone()).unwrap_or_default();
    let others = others(recording);
    let done = answers::telling(&recording.done, &recording.refused, &others, &title);
    let refused = answers::telling(&recording.refused, &recording.done, &others, &title);
    made.pattern("done", done);
    made.pattern("refused", refused);
    if !recording.quit.is_empty() {
        made.keys("quit", &recording.quit);
    }
    if recording.one_action {
        made.lines.push(("one_action", "true".to_owned()));
    }
    made
}

/// What is shown when nothing is reserved.
fn others(recording: &Recording) -> Vec<&str> {
    let view = recording.view.as_ref().map(|view| view.text.as_str());
    view.into_iter().chain([recording.list.text.as_str(), recording.opening.as_str()]).collect()
}

/// Keys as TOML writes them.
fn quoted(keys: &str) -> String {
    let mut text = String::from("\"");
    for key in keys.chars() {
        match key {
            '\n' => text += "\\n",
            '\t' => text += "\\t",
            '"' | '\\' => text.extend(['\\', key]),
            _ if key.is_control() => text += &format!("\\u{:04X}", u32::from(key)),
            _ => text.push(key),
        }
    }
    text + "\""
}

/// A pattern as TOML writes it: between quotes that leave backslashes alone, if it has none itself.
fn literal(pattern: &str) -> String {
    if pattern.contains('\'') { quoted(pattern) } else { format!("'{pattern}'") }
}

#[cfg(test)]
mod tests;
