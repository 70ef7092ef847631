//! Words and numbers of a line, each with its place.

use std::sync::LazyLock;

use regex::Regex;

static WORDS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"-?\d+|[\p{L}\p{M}]+(?:['’-][\p{L}\p{M}]+)*").expect("a pattern"));

/// What there may be one of, or several.
static COUNTED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^(place|seat|billet|ticket|libre|restante|disponible)s?$").expect("a pattern")
});

/// A word or number of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word<'a> {
    pub(super) text: &'a str,
    /// Where it begins and ends in the line, in bytes.
    pub(super) begin: usize,
    pub(super) end: usize,
}

impl Word<'_> {
    pub(super) fn is_number(&self) -> bool {
        self.number().is_some()
    }

    pub(super) fn number(&self) -> Option<i64> {
        self.text.parse().ok()
    }
}

/// The words and numbers of a line. A hyphen between two numbers or after a letter is no minus.
pub(super) fn words(line: &str) -> Vec<Word<'_>> {
    let word = |found: regex::Match<'_>| {
        let mut begin = found.start();
        let is_inside = line[..begin].ends_with(char::is_alphanumeric);
        if found.as_str().starts_with('-') && is_inside {
            begin += 1;
        }
        Word { text: &line[begin..found.end()], begin, end: found.end() }
    };
    WORDS.find_iter(line).map(word).collect()
}

/// A pattern as the dialogue understands it: `^` and `$` are at each line.
pub(super) fn compile(pattern: &str) -> Option<Regex> {
    regex::RegexBuilder::new(pattern).multi_line(true).build().ok()
}

/// A text as a pattern that matches it, with any blanks between its words and any numbers.
pub(super) fn pattern(text: &str) -> String {
    let mut pattern = String::new();
    let mut rest = text.chars().peekable();
    while let Some(letter) = rest.next() {
        if letter.is_whitespace() {
            let mut is_long = letter == '\t';
            while rest.next_if(|next| next.is_whitespace()).is_some() {
                is_long = true;
            }
            pattern += if is_long { r"\s+" } else { " " };
        } else if letter.is_ascii_digit() {
            while rest.next_if(char::is_ascii_digit).is_some() {}
            pattern += r"\d+";
        } else {
            // It escapes what means something in a pattern, and a hyphen, which does not here.
            match letter {
                '-' | '#' | '&' | '~' => pattern.push(letter),
                _ => pattern += &regex::escape(letter.encode_utf8(&mut [0; 4])),
            }
        }
    }
    pattern
}

/// The same for what follows a number: one place, two places.
pub(super) fn counted(text: &str) -> String {
    let (mut made, mut copied) = (String::new(), 0);
    for word in words(text).iter().filter(|word| COUNTED.is_match(word.text)) {
        made += &pattern(&text[copied..word.begin]);
        made += &pattern(word.text.strip_suffix('s').unwrap_or(word.text));
        made += "s?";
        copied = word.end;
    }
    made + &pattern(&text[copied..])
}

#[cfg(test)]
mod tests {
    use super::{counted, pattern, words};

    #[test]
    fn a_line_is_words_and_numbers() {
        let texts = |line| words(line).iter().map(|word| word.text).collect::<Vec<_>>();
        assert_eq!(texts("[1] L'Avare : -3 places"), ["1", "L'Avare", "-3", "places"]);
        assert_eq!(texts("20-30 B-12"), ["20", "30", "B", "12"]);
    }

    #[test]
    fn a_pattern_has_any_number_and_any_blanks() {
        assert_eq!(pattern("OK (12)  places."), r"OK \(\d+\)\s+places\.");
        assert_eq!(counted(" place libre, left"), r" places? libres?, left");
    }
}
