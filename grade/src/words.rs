//! The sentences of verdicts, in two languages: `messages/en.ftl` and `messages/fr.ftl`.
//!
//! A fault is a message with its cause; its attributes are what was expected, what came, and a hint.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use ipctop::messages::{Language, Messages};
use ipctop::model::finding::Value;

use nix::sys::signal::Signal;

use crate::verdict::item::{Ruling, Verdict};

/// The sentences of one language.
#[derive(Debug)]
pub struct Words {
    messages: Messages,
}

/// The text of a language's file.
fn source(language: Language) -> &'static str {
    match language {
        Language::English => include_str!("../messages/en.ftl"),
        Language::French => include_str!("../messages/fr.ftl"),
    }
}

impl Words {
    /// Those of a language.
    pub fn new(language: Language) -> Words {
        Words { messages: Messages::of(language, source(language)) }
    }

    /// The language.
    pub fn language(&self) -> Language {
        self.messages.language()
    }

    /// Its name: `en` or `fr`.
    pub fn code(&self) -> &'static str {
        name(self.language())
    }

    /// A word or sentence without values.
    pub fn say(&self, name: &str) -> String {
        self.messages.say(name)
    }

    /// A sentence with values.
    pub fn say_with(&self, name: &str, values: &[(&str, Value)]) -> String {
        self.messages.say_with(name, values)
    }

    /// How a program ended.
    pub fn status(&self, status: ExitStatus) -> String {
        let Some(signal) = status.signal() else {
            return self.say_with("ended-with", &[("code", number(status.code().unwrap_or(0)))]);
        };
        let name = Signal::try_from(signal).map_or("?", Signal::as_str);
        self.say_with("ended-by", &[("signal", number(signal)), ("name", text(name))])
    }

    /// The hint of an item or fault.
    pub fn hint(&self, name: &str) -> Option<String> {
        self.messages.attribute(name, "hint", &[])
    }

    /// What an item is told that has this fault.
    pub fn fault(&self, verdict: Verdict, name: &str, values: &[(&str, Value)]) -> Ruling {
        let part = |attribute| self.messages.attribute(name, attribute, values);
        Ruling {
            cause: self.messages.say_with(name, values),
            expected: part("expected").unwrap_or_default(),
            actual: part("actual").unwrap_or_default(),
            hint: part("hint").unwrap_or_default(),
            ..Ruling::of(verdict)
        }
    }
}

/// The language of a name, English unless it is French.
pub fn language(name: &str) -> Language {
    if name == "fr" { Language::French } else { Language::English }
}

/// The name of a language.
pub fn name(language: Language) -> &'static str {
    match language {
        Language::English => "en",
        Language::French => "fr",
    }
}

/// A value of a sentence.
pub fn text(text: impl Into<String>) -> Value {
    Value::Text(text.into())
}

/// A number of a sentence, which decides about its plural.
pub fn number(number: impl Into<i64>) -> Value {
    Value::Number(number.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};

    /// The names of messages and attributes in a file, with the values that they use.
    fn names(language: Language) -> BTreeMap<String, BTreeSet<String>> {
        let mut names: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let (mut message, mut name) = (String::new(), String::new());
        for line in source(language).lines().filter(|line| !line.starts_with('#')) {
            if let Some((start, _)) = line.split_once(" =") {
                if !line.starts_with(' ') {
                    message = start.to_owned();
                    name = message.clone();
                } else if start.trim_start().starts_with('.') {
                    name = format!("{message}{}", start.trim_start());
                }
            }
            let used = line.split('$').skip(1);
            let word = |rest: &str| {
                rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().map(str::to_owned)
            };
            names.entry(name.clone()).or_default().extend(used.filter_map(word));
        }
        names
    }

    #[test]
    fn both_languages_have_the_same_messages_with_the_same_values() {
        assert_eq!(names(Language::English), names(Language::French));
    }

    #[test]
    fn each_item_and_verdict_has_its_words() {
        let english = names(Language::English);
        for item in crate::items::all() {
            assert!(english.contains_key(&format!("item-{}", item.id)), "{}", item.id);
            assert!(english.contains_key(&format!("item-{}.hint", item.id)), "{}", item.id);
        }
        for verdict in ["pass", "fail", "timeout", "crash", "skipped", "flaky", "not_judged"] {
            assert!(english.contains_key(&format!("verdict-{verdict}")), "{verdict}");
        }
    }
}
