//! Sentences in two languages.
//!
//! They stand in `messages/en.ftl` and `messages/fr.ftl`, in the language of Fluent, which knows
//! plurals. See docs/decisions/01-messages-in-two-languages.md.

use std::collections::BTreeMap;
use std::fmt;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use unic_langid::LanguageIdentifier;

use crate::model::finding::{Finding, Value};

/// A language of the sentences.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Language {
    /// English.
    #[default]
    #[value(name = "en")]
    English,
    /// French.
    #[value(name = "fr")]
    French,
}

impl Language {
    /// The language that the user's environment asks for, English unless it is French.
    pub fn of_environment() -> Language {
        let names = ["LC_ALL", "LC_MESSAGES", "LANG"];
        let asked =
            names.iter().find_map(|name| std::env::var(name).ok().filter(|v| !v.is_empty()));
        match asked {
            Some(asked) if asked.starts_with("fr") => Language::French,
            _ => Language::English,
        }
    }

    fn id(self) -> LanguageIdentifier {
        match self {
            Language::English => "en".parse().expect("a language"),
            Language::French => "fr".parse().expect("a language"),
        }
    }

    fn source(self) -> &'static str {
        match self {
            Language::English => include_str!("../messages/en.ftl"),
            Language::French => include_str!("../messages/fr.ftl"),
        }
    }
}

/// The sentences of one language.
pub struct Messages {
    language: Language,
    bundle: FluentBundle<FluentResource>,
}

impl fmt::Debug for Messages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "messages in {:?}", self.language)
    }
}

impl Messages {
    /// Those of a language.
    ///
    /// # Panics
    /// If the file of sentences is broken, which a test would have shown.
    pub fn new(language: Language) -> Messages {
        Messages::of(language, language.source())
    }

    /// Those of another program, from the text of its file in this language.
    ///
    /// # Panics
    /// If the text is broken, which a test of that program would have shown.
    pub fn of(language: Language, source: &str) -> Messages {
        let mut bundle = FluentBundle::new_concurrent(vec![language.id()]);
        // The marks that it would put around each value are for texts in two directions.
        bundle.set_use_isolating(false);
        let resource = FluentResource::try_new(source.to_owned());
        bundle.add_resource_overriding(resource.expect("a test reads this file"));
        Messages { language, bundle }
    }

    /// The language.
    pub fn language(&self) -> Language {
        self.language
    }

    /// A word or sentence without values; its own name if there is none.
    pub fn say(&self, name: &str) -> String {
        self.format(name, None, &FluentArgs::new())
    }

    /// A sentence with values.
    pub fn say_with(&self, name: &str, values: &[(&str, Value)]) -> String {
        let mut args = FluentArgs::new();
        for (name, value) in values {
            set(&mut args, name, value);
        }
        self.format(name, None, &args)
    }

    /// An attribute of a sentence, with values; None if it has no such attribute.
    pub fn attribute(
        &self,
        name: &str,
        attribute: &str,
        values: &[(&str, Value)],
    ) -> Option<String> {
        self.bundle.get_message(name)?.get_attribute(attribute)?;
        let mut args = FluentArgs::new();
        for (name, value) in values {
            set(&mut args, name, value);
        }
        Some(self.format(name, Some(attribute), &args))
    }

    /// Puts a finding into words.
    pub(crate) fn tell(&self, finding: &mut Finding) {
        let mut args = FluentArgs::new();
        for (name, value) in &finding.values {
            set(&mut args, name, value);
        }
        finding.text = self.format(&finding.kind, None, &args);
        finding.next = self.format(&finding.kind, Some("next"), &args);
    }

    /// Puts a note into words.
    pub(crate) fn note(&self, kind: &str, values: &BTreeMap<String, String>) -> String {
        let mut args = FluentArgs::new();
        for (name, value) in values {
            args.set(name.clone(), value.clone());
        }
        self.format(&format!("note-{kind}"), None, &args)
    }

    fn format(&self, name: &str, attribute: Option<&str>, args: &FluentArgs<'_>) -> String {
        let message = self.bundle.get_message(name);
        let pattern = message.as_ref().and_then(|message| match attribute {
            None => message.value(),
            Some(attribute) => message.get_attribute(attribute).map(|found| found.value()),
        });
        let Some(pattern) = pattern else { return name.to_owned() };
        self.bundle.format_pattern(pattern, Some(args), &mut Vec::new()).into_owned()
    }
}

fn set(args: &mut FluentArgs<'_>, name: &str, value: &Value) {
    match value {
        Value::Number(number) => args.set(name.to_owned(), *number),
        Value::Text(text) => args.set(name.to_owned(), text.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};

    /// The names of a file, with the values that their sentences use.
    fn names(language: Language) -> BTreeMap<String, BTreeSet<String>> {
        let mut names: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut name = String::new();
        for line in language.source().lines().filter(|line| !line.starts_with('#')) {
            if let Some((start, _)) = line.split_once(" =")
                && !line.starts_with(' ')
            {
                name = start.to_owned();
            }
            let used = line.split('$').skip(1);
            let word = |rest: &str| {
                rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().map(str::to_owned)
            };
            names.entry(name.clone()).or_default().extend(used.filter_map(word));
            if line.trim_start().starts_with(".next") {
                names.entry(format!("{name}.next")).or_default();
            }
        }
        names
    }

    #[test]
    fn both_languages_say_the_same_things_with_the_same_values() {
        assert_eq!(names(Language::English), names(Language::French));
        for language in [Language::English, Language::French] {
            FluentResource::try_new(language.source().to_owned()).unwrap();
        }
    }

    #[test]
    fn a_language_has_its_own_plurals() {
        let zero = [("count", Value::Number(0))];
        let english = Messages::new(Language::English).say_with("n-messages", &zero);
        let french = Messages::new(Language::French).say_with("n-messages", &zero);
        assert_eq!((english.as_str(), french.as_str()), ("0 messages", "0 message"));
        assert_eq!(Messages::new(Language::French).say("no-such-name"), "no-such-name");
    }
}
