//! Where in the keys of a reservation the show and the seats are.

use crate::trial::recording::Recording;

/// What was typed for a reservation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Places {
    /// The show that was named.
    pub(super) show: String,
    /// The keys with `{show}` and `{seats}` in their places.
    pub(super) reserve: String,
}

impl Places {
    /// Two reservations of one show differ in their seats only. The show is what the table names, as
    /// near to them as possible.
    pub(super) fn find(recording: &Recording) -> Option<Places> {
        let (done, refused) = (tokens(&recording.done.keys), tokens(&recording.refused.keys));
        let differs = |at: &usize| refused.get(*at).is_some_and(|other| *other != done[*at]);
        let numbers = |at: &usize| done[*at].text.parse::<i64>().is_ok();
        let seats = (0..done.len())
            .find(differs)
            .filter(numbers)
            .or_else(|| (0..done.len()).rfind(numbers))?;
        let is_named = |at: &usize| names(&recording.list.text, done[*at].text);
        let before = (0..seats).rev().find(is_named);
        // Seats may come first. Nothing before them but a choice of the menu is a show.
        let show = match before {
            Some(at) if at > 0 || seats + 1 >= done.len() => at,
            _ => (seats + 1..done.len()).find(is_named).or(before)?,
        };
        let keys = &recording.done.keys;
        let mut reserve = String::new();
        let mut copied = 0;
        let mut placed = [(show, "{show}"), (seats, "{seats}")];
        placed.sort_unstable();
        for (at, name) in placed {
            reserve += &keys[copied..done[at].begin];
            reserve += name;
            copied = done[at].begin + done[at].text.len();
        }
        reserve += &keys[copied..];
        Some(Places { show: done[show].text.to_owned(), reserve })
    }
}

/// The keys that ask for one show: its name is the last thing that is typed.
pub(super) fn view(keys: &str, show: &str) -> String {
    match tokens(keys).iter().rfind(|token| token.text == show) {
        Some(token) => {
            let end = token.begin + show.len();
            format!("{}{{show}}{}", &keys[..token.begin], &keys[end..])
        }
        None => keys.to_owned(),
    }
}

/// What comes before the menu: a line of letters is a name, and each client has another one.
pub(super) fn open(keys: &str) -> Vec<String> {
    let is_name = |line: &str| line.trim().chars().count() > 1 && !line.contains(char::is_numeric);
    let lines = keys.split_inclusive('\n');
    lines.map(|line| if is_name(line) { "{name}\n".to_owned() } else { line.to_owned() }).collect()
}

#[derive(Clone, Copy, Debug)]
struct Token<'a> {
    text: &'a str,
    begin: usize,
}

impl PartialEq for Token<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

/// What was typed between blanks and Enters.
fn tokens(keys: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut begin = 0;
    for piece in keys.split_inclusive(char::is_whitespace) {
        let text = piece.trim_end();
        if !text.is_empty() {
            tokens.push(Token { text, begin });
        }
        begin += piece.len();
    }
    tokens
}

/// Whether a line of the table names this show: among its first words.
fn names(table: &str, show: &str) -> bool {
    let is_edge = |c: char| !c.is_alphanumeric();
    table
        .lines()
        .any(|line| line.split(is_edge).filter(|w| !w.is_empty()).take(2).any(|w| w == show))
}

#[cfg(test)]
mod tests {
    use super::{Places, open, view};
    use crate::trial::recording::{Recording, Shown};

    fn places(table: &str, done: &str, refused: &str) -> (String, String) {
        let shown = |keys: &str, text: &str| Shown {
            keys: keys.to_owned(),
            text: text.to_owned(),
            last: 0,
        };
        let recording = Recording {
            list: shown("", table),
            done: shown(done, ""),
            refused: shown(refused, ""),
            ..Recording::default()
        };
        let places = Places::find(&recording).unwrap();
        (places.show, places.reserve)
    }

    #[test]
    fn seats_are_what_differs_and_the_show_is_what_the_table_names() {
        let found = |show: &str, keys: &str| (show.to_owned(), keys.to_owned());
        let table = "1 Hamlet 20\n2 Phèdre 3\n";
        assert_eq!(places(table, "2\n1\n2\n", "2\n1\n99\n"), found("1", "2\n{show}\n{seats}\n"));
        assert_eq!(places(table, "r 2 1\no\n", "r 2 9\n"), found("2", "r {show} {seats}\no\n"));
        assert_eq!(
            places("[B] Hamlet", "R\n2\nB\n", "R\n90\nB\n"),
            found("B", "R\n{seats}\n{show}\n")
        );
        assert_eq!(places(table, "2\n1\n2\n", ""), found("1", "2\n{show}\n{seats}\n"));
    }

    #[test]
    fn a_show_that_is_viewed_and_a_name_are_replaced() {
        assert_eq!(view("2\n2\n", "2"), "2\n{show}\n");
        assert_eq!(view("v\n", "2"), "v\n");
        assert_eq!(open("Ana Maria\n3\n"), ["{name}\n", "3\n"]);
    }
}
