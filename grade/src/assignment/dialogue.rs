//! What a person types at the menu of a client, and what the client then shows.

use regex::Regex;
use serde::Deserialize;

/// A dialogue: the keys of one action each, and the patterns of its answers.
///
/// In the keys `{name}`, `{show}` and `{seats}` are replaced.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dialogue {
    /// Typed before the menu; `{name}` differs for each client.
    #[serde(default)]
    pub open: Vec<String>,
    /// Asks for the table; None: it is on the start screen.
    pub list: Option<String>,
    /// A row of the table, with the groups `show` and, if it has them, `seats`.
    #[serde(deserialize_with = "pattern")]
    pub row: Regex,
    /// Asks how many seats a show has left.
    pub view: Option<String>,
    /// The answer to `view`, with the group `seats`.
    #[serde(default, deserialize_with = "optional_pattern")]
    pub left: Option<Regex>,
    /// An answer that means that no seats are left.
    #[serde(default, deserialize_with = "optional_pattern")]
    pub none: Option<Regex>,
    /// Reserves.
    pub reserve: String,
    /// The answer to a reservation that was made.
    #[serde(deserialize_with = "pattern")]
    pub done: Regex,
    /// The answer to a reservation that was refused.
    #[serde(deserialize_with = "pattern")]
    pub refused: Regex,
    /// Leaves; "\u{3}" is Ctrl-C, "\u{4}" the end of input.
    #[serde(default = "end_of_input")]
    pub quit: String,
    /// Whether `quit` ends the server, too; then clients are ended by SIGKILL.
    #[serde(default)]
    pub quit_stops_server: bool,
    /// Whether the client ends after one action.
    #[serde(default)]
    pub one_action: bool,
    /// The client itself refuses larger numbers.
    pub seats_max: Option<i64>,
    /// How long a client that waits in poll, select or readline must be silent to have done its turn.
    #[serde(default = "settle_ms")]
    pub settle_ms: u64,
}

impl Default for Dialogue {
    /// Nothing is typed, and no answer is known.
    fn default() -> Dialogue {
        let never = || Regex::new("$^.").expect("it is a pattern");
        Dialogue {
            open: Vec::new(),
            list: None,
            row: never(),
            view: None,
            left: None,
            none: None,
            reserve: String::new(),
            done: never(),
            refused: never(),
            quit: end_of_input(),
            quit_stops_server: false,
            one_action: false,
            seats_max: None,
            settle_ms: settle_ms(),
        }
    }
}

impl Dialogue {
    /// The pattern that an action's answer is looked for by.
    pub fn pattern_of(&self, doing: &str) -> String {
        match doing {
            "list" => self.row.as_str().to_owned(),
            "view" => self.left.as_ref().unwrap_or(&self.row).as_str().to_owned(),
            _ => format!("{}  |  {}", self.done.as_str(), self.refused.as_str()),
        }
    }
}

fn end_of_input() -> String {
    "\u{4}".to_owned()
}

fn settle_ms() -> u64 {
    100
}

fn pattern<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Regex, D::Error> {
    let text = String::deserialize(deserializer)?;
    compile(&text).map_err(serde::de::Error::custom)
}

fn optional_pattern<'de, D>(deserializer: D) -> Result<Option<Regex>, D::Error>
where
    D: serde::Deserializer<'de>,
{
    pattern(deserializer).map(Some)
}

/// `^` and `$` match at each line.
fn compile(text: &str) -> Result<Regex, regex::Error> {
    regex::RegexBuilder::new(text).multi_line(true).build()
}
