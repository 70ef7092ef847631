//! A person who types an action, line by line, and waits each time until the client asks again.

use std::time::{Duration, Instant};

use regex::Regex;

use crate::terminal::session::{Awaited, Session};
use crate::terminal::turn::{Ending, Turn, Typed};

/// What looks for an answer in a text.
pub type Wanted<'w> = &'w dyn Fn(&str) -> bool;

/// A person before a client.
#[derive(Debug)]
pub struct Person {
    /// The client on its terminal.
    pub session: Session,
    /// How long a client that waits in poll, select or readline must be silent.
    pub settle: Duration,
    /// Whom else to look at when a turn does not end.
    pub others: Vec<i32>,
    action: Action,
}

/// An action under way.
#[derive(Debug)]
struct Action {
    began: Instant,
    /// Where in the transcript it begins, and where the answer to its last piece does.
    begin: usize,
    last: usize,
    /// The pieces, each with its place in the transcript.
    typed: Vec<Typed>,
    /// The last piece, which is not typed yet.
    waiting: Option<String>,
    /// How it ended, if it has ended before its last piece.
    ending: Option<Ending>,
}

impl Person {
    /// One before a client that was just started.
    pub fn new(session: Session, settle: Duration, others: Vec<i32>) -> Person {
        let action = Action::at(session.text().len());
        Person { session, settle, others, action }
    }

    /// Waits for the first question, types these pieces and waits each time; what is wanted is looked
    /// for at the end.
    pub fn begin(&mut self, pieces: &[String], wanted: Option<Wanted<'_>>) -> Turn {
        self.action = Action::at(self.session.text().len());
        let mut ending = self.wait(wanted.filter(|_| pieces.is_empty()));
        for (at, piece) in pieces.iter().enumerate() {
            if !ending.asks() {
                break;
            }
            self.type_piece(piece);
            ending = self.wait(wanted.filter(|_| at + 1 == pieces.len()));
        }
        self.turn(ending)
    }

    /// Types all pieces but the last. If the client leaves or `stop` matches, the action is over.
    pub fn prepare(&mut self, pieces: Vec<String>, stop: Option<&Regex>) {
        self.action = Action::at(self.session.text().len());
        let mut pieces = pieces;
        self.action.waiting = pieces.pop();
        for piece in pieces {
            self.type_piece(&piece);
            let ending = self.wait(None);
            let shown = &self.session.text()[self.action.begin..];
            if !ending.asks() || stop.is_some_and(|stop| stop.is_match(shown)) {
                self.end(ending);
                return;
            }
        }
    }

    /// Ends the action before its last piece is typed.
    pub fn end(&mut self, ending: Ending) {
        self.action.waiting = None;
        self.action.ending = Some(ending);
    }

    /// Whether the action ended before its last piece, as the client was silent or busy too long.
    pub fn is_stuck(&self) -> bool {
        matches!(self.action.ending, Some(Ending::Budget(_)))
    }

    /// Types the last piece.
    pub fn send(&mut self) {
        if let Some(piece) = self.action.waiting.take() {
            self.type_piece(&piece);
        }
    }

    /// Waits until the action is over; what is wanted is looked for in the answer to the last piece.
    pub fn finish(&mut self, wanted: Option<Wanted<'_>>) -> Turn {
        let ending = match self.action.ending.take() {
            Some(ending) => ending,
            None => self.wait(wanted),
        };
        self.turn(ending)
    }

    fn turn(&mut self, ending: Ending) -> Turn {
        let action = std::mem::replace(&mut self.action, Action::at(self.session.text().len()));
        let typed = action.typed.into_iter();
        Turn {
            typed: typed.map(|typed| Typed { at: typed.at - action.begin, ..typed }).collect(),
            text: self.session.text()[action.begin..].to_owned(),
            last: action.last - action.begin,
            ending,
            used: action.began.elapsed(),
        }
    }

    fn type_piece(&mut self, piece: &str) {
        // It fails only for a terminal that is gone, which the wait for an answer will tell.
        let _ = self.session.type_keys(piece);
        self.action.last = self.session.text().len();
        let at = self.action.last - usize::from(piece.ends_with('\n'));
        self.action.typed.push(Typed { keys: piece.to_owned(), at });
    }

    fn wait(&mut self, answer: Option<Wanted<'_>>) -> Ending {
        let awaited = Awaited { answer, settle: self.settle };
        self.session.wait(awaited, self.action.last, &self.others)
    }
}

impl Action {
    fn at(begin: usize) -> Action {
        Action {
            began: Instant::now(),
            begin,
            last: begin,
            typed: Vec::new(),
            waiting: None,
            ending: None,
        }
    }
}
