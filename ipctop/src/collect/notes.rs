//! What a look may not or cannot see: each kind is said once.

use std::collections::BTreeMap;
use std::io;

use crate::messages::Messages;
use crate::model::look::Note;

/// The notes of one look.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    kinds: BTreeMap<&'static str, BTreeMap<String, String>>,
    counts: BTreeMap<&'static str, usize>,
}

impl Notes {
    /// Notes something that needs no more words.
    pub(crate) fn add(&mut self, kind: &'static str) {
        self.kinds.entry(kind).or_default();
        *self.counts.entry(kind).or_default() += 1;
    }

    /// Notes something with the error that prevented it.
    pub(crate) fn add_error(&mut self, kind: &'static str, error: &io::Error) {
        self.kinds.entry(kind).or_default().insert("error".to_owned(), error.to_string());
        *self.counts.entry(kind).or_default() += 1;
    }

    /// As data, in sentences.
    pub(crate) fn into_vec(self, messages: &Messages) -> Vec<Note> {
        let note = |(kind, mut values): (&str, BTreeMap<String, String>)| {
            values.insert("count".to_owned(), self.counts[kind].to_string());
            let text = messages.note(kind, &values);
            Note { kind: kind.to_owned(), values, text }
        };
        self.kinds.into_iter().map(note).collect()
    }
}
