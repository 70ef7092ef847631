//! A turn: what a person typed, what was shown, and how it ended.

use std::fmt;
use std::process::ExitStatus;
use std::time::Duration;

use ipctop::lines;
use ipctop::model::look::Look;
use ipctop::scope::{Scope, Target};
use ipctop::watch;

/// The lines of a queue that are evidence: one about itself, and its first types.
const QUEUE_LINES: usize = 6;

/// What came of something that was typed.
#[derive(Clone, Debug)]
pub struct Turn {
    /// What was typed, piece by piece.
    pub typed: Vec<Typed>,
    /// What was shown since the first of these.
    pub text: String,
    /// Where in the text begins what was shown since the last of these.
    pub last: usize,
    /// How it ended.
    pub ending: Ending,
    /// How long it took.
    pub used: Duration,
}

/// Keys that were typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Typed {
    /// The keys: a line, or less.
    pub keys: String,
    /// Where in the text they were typed.
    pub at: usize,
}

/// How a turn ended.
#[derive(Clone, Debug)]
pub enum Ending {
    /// The client waits for the person.
    Asks,
    /// The client ended.
    Exit(ExitStatus),
    /// It wrote more than a person can read: it spins.
    Flood,
    /// Nothing of that happened in time.
    Budget(Box<Stuck>),
    /// The client could not be started; why.
    NotStarted(String),
}

/// A time-out, and where everybody waited at its end.
#[derive(Clone, Debug)]
pub struct Stuck {
    /// The time that there was.
    pub budget: Duration,
    /// The time that passed.
    pub used: Duration,
    /// What the kernel showed of the client and of those that share objects with it; of the server,
    /// if that is not among them.
    pub looks: Vec<Look>,
}

impl Turn {
    /// What was shown since the last piece was typed.
    pub fn answer(&self) -> &str {
        self.text.get(self.last..).unwrap_or_default()
    }

    /// What a person would see if the terminal echoed: what was shown, with the keys in their places.
    pub fn conversation(&self) -> String {
        let mut all = String::new();
        let mut shown = 0;
        for typed in &self.typed {
            all += self.text.get(shown..typed.at).unwrap_or_default();
            all.extend(typed.keys.trim_end_matches('\n').chars().flat_map(visible));
            shown = typed.at;
        }
        all + self.text.get(shown..).unwrap_or_default()
    }
}

/// A key as terminals show it: ^C for Ctrl-C.
fn visible(key: char) -> impl Iterator<Item = char> {
    let letter = match key {
        '\0'..='\u{1f}' => char::from(key as u8 + b'@'),
        _ => key,
    };
    (letter != key).then_some('^').into_iter().chain([letter])
}

impl Ending {
    /// Whether what was shown may be taken for an answer: the client asks on, or has left by itself.
    pub fn is_calm(&self) -> bool {
        match self {
            Ending::Asks => true,
            Ending::Exit(status) => status.code().is_some(),
            Ending::Flood | Ending::Budget(_) | Ending::NotStarted(_) => false,
        }
    }

    /// Whether the client waits for the person.
    pub fn asks(&self) -> bool {
        matches!(self, Ending::Asks)
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ending::Asks => f.write_str("asks"),
            Ending::Exit(status) => write!(f, "ended: {status}"),
            Ending::Flood => f.write_str("floods"),
            Ending::Budget(stuck) => {
                write!(f, "no end after {:?} of {:?}", stuck.used, stuck.budget)
            }
            Ending::NotStarted(error) => write!(f, "cannot be started: {error}"),
        }
    }
}

impl Stuck {
    /// Looks at these processes and at those that share objects with them; takes 0.2 s for each that
    /// was not seen with another.
    pub fn look(budget: Duration, used: Duration, pids: &[i32]) -> Stuck {
        let mut looks: Vec<Look> = Vec::new();
        for &pid in pids {
            if looks.iter().all(|look| look.process(pid).is_none()) {
                looks.push(watch::look(&Scope::of(Target::Pid(pid))));
            }
        }
        Stuck { budget, used, looks }
    }

    /// Each thread of client and server: the call that it waits in, and the object; then the queues,
    /// and the pipes that are not empty.
    pub fn waits(&self) -> Vec<String> {
        let processes = self.looks.iter().flat_map(lines::processes);
        let queues = self.looks.iter().flat_map(|look| &look.queues);
        let queues = queues.flat_map(|queue| lines::queue(queue).into_iter().take(QUEUE_LINES));
        let pipes = self.looks.iter().flat_map(|look| {
            let filled = look.pipes.iter().filter(|pipe| pipe.bytes.is_some_and(|bytes| bytes > 0));
            filled.map(|pipe| lines::pipe(look, pipe))
        });
        processes.chain(queues).chain(pipes).collect()
    }

    /// What is known to be wrong, the most certain first.
    pub fn findings(&self) -> Vec<&str> {
        let findings = self.looks.iter().flat_map(|look| &look.findings);
        findings.map(|finding| finding.text.as_str()).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Ending, Turn, Typed};

    #[test]
    fn keys_stand_where_they_were_typed() {
        let typed = |keys: &str, at| Typed { keys: keys.to_owned(), at };
        let text = "\nSpectacle : \nPlaces : ".to_owned();
        let typed = vec![typed("2\n", 0), typed("31\n", 13), typed("\u{4}", 23)];
        let used = Duration::ZERO;
        let turn = Turn { typed, text, last: 23, ending: Ending::Asks, used };
        assert_eq!(turn.conversation(), "2\nSpectacle : 31\nPlaces : ^D");
    }
}
