//! A client of the submission at its menu: list, view, reserve, leave.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::time::Duration;

use nix::sys::signal::Signal;
use regex::Regex;

use crate::assignment::dialogue::Dialogue;
use crate::assignment::question::Question;
use crate::dialogue::keys::{Values, pieces};
use crate::dialogue::person::{Person, Wanted};
use crate::dialogue::reading::{self, Outcome, Reading, Row};
use crate::launch::launcher::Launcher;
use crate::launch::program::Program;
use crate::patience::Patience;
use crate::terminal::session::Session;
use crate::terminal::transcript::Transcript;
use crate::terminal::turn::{Ending, Turn};

pub mod leaving;

/// A client that was started, and the person who types to it.
#[derive(Debug)]
pub struct Client<'a> {
    launcher: &'a Launcher,
    dialogue: &'a Dialogue,
    program: Program,
    name: String,
    patience: Patience,
    person: Person,
    opening: Turn,
    /// Whether something was typed since the opening.
    has_acted: bool,
    /// Whether the table was read from the opening: the next time others may have changed it.
    is_opening_read: bool,
    /// The reservation that was prepared is one that the client itself refuses.
    is_left_out: bool,
}

impl<'a> Client<'a> {
    /// Starts the client, types what comes before its menu, and waits until it asks; how that went is
    /// in [`Client::opening`].
    ///
    /// # Errors
    /// Those of opening a terminal and of starting a program.
    pub fn open(
        launcher: &'a Launcher,
        question: &'a Question,
        host: &str,
        cwd: &Path,
        name: &str,
        patience: Patience,
    ) -> io::Result<Client<'a>> {
        let word = |word: &String| word.replace("{host}", host).replace("{name}", name);
        let program = Program {
            argv: question.client.iter().map(word).map(OsString::from).collect(),
            cwd: cwd.to_owned(),
            env: vec![("TERM".into(), "xterm".into())],
        };
        let dialogue = &question.dialogue;
        let session = Session::start(launcher, &program, Transcript::default(), patience)?;
        let settle = Duration::from_millis(dialogue.settle_ms);
        let mut person = Person::new(session, settle, Vec::new());
        let opening = begin(&mut person, dialogue, name);
        let name = name.to_owned();
        let (has_acted, is_opening_read, is_left_out) = (false, false, false);
        Ok(Client {
            launcher,
            dialogue,
            program,
            name,
            patience,
            person,
            opening,
            has_acted,
            is_opening_read,
            is_left_out,
        })
    }

    /// With the server's PID, where the server waits is said at each time-out.
    pub fn set_server(&mut self, server: i32) {
        self.person.others = vec![server];
    }

    /// What the client showed before anything was asked. Unless it asks at the end, it is of no use.
    pub fn opening(&self) -> &Turn {
        &self.opening
    }

    /// Its PID; a client that ends after one action has another one at the next.
    pub fn pid(&self) -> i32 {
        self.person.session.process().pid()
    }

    /// The session that its processes are in.
    pub fn session(&self) -> i32 {
        self.person.session.process().session()
    }

    /// All that it has shown, with each Enter that was typed.
    pub fn transcript(&self) -> &str {
        self.person.session.text()
    }

    /// Sends it a signal. To stop it for a while, see [`crate::kernel::stop::stop`].
    ///
    /// # Errors
    /// ESRCH. See kill(2).
    pub fn signal(&self, signal: Signal) -> io::Result<()> {
        self.person.session.process().signal(signal)
    }

    /// The table. If it is on the start screen only, the client is opened anew.
    pub fn list(&mut self) -> Reading<Vec<Row>> {
        let dialogue = self.dialogue;
        let turn = match &dialogue.list {
            Some(keys) => {
                let has_row = |text: &str| dialogue.row.is_match(text);
                self.act(keys, Values::default(), Some(&has_row))
            }
            None => self.start_screen(),
        };
        Reading::of(turn, |text| reading::rows(dialogue, text))
    }

    /// The seats that a show has left.
    pub fn left(&mut self, show: &str) -> Reading<i64> {
        let dialogue = self.dialogue;
        if let Some(keys) = &dialogue.view {
            let has_number = |text: &str| reading::left(dialogue, text).is_some();
            let values = Values { show, ..Values::default() };
            let turn = self.act(keys, values, Some(&has_number));
            return Reading::of(turn, |text| reading::left(dialogue, text));
        }
        let Reading { value, turn } = self.list();
        let row = value.into_iter().flatten().find(|row| row.show == show);
        Reading { value: row.and_then(|row| row.seats), turn }
    }

    /// Reserves.
    pub fn reserve(&mut self, show: &str, seats: &str) -> Outcome {
        self.prepare_reserve(show, seats);
        self.send();
        self.outcome()
    }

    /// Types all of a reservation but its last line.
    pub fn prepare_reserve(&mut self, show: &str, seats: &str) {
        let dialogue = self.dialogue;
        let number: Option<i64> = seats.trim().parse().ok();
        self.is_left_out = dialogue.seats_max.zip(number).is_some_and(|(max, seats)| seats > max);
        if !self.is_left_out {
            let values = Values { show, seats, ..Values::default() };
            self.prepare(&dialogue.reserve, values, Some(&dialogue.refused));
        }
    }

    /// Whether it fell silent before the last line of what was prepared could be typed.
    pub fn is_stuck(&self) -> bool {
        self.person.is_stuck()
    }

    /// Types the last line of what was prepared, and does not wait.
    pub fn send(&mut self) {
        self.person.send();
    }

    /// Waits for what comes of the reservation that was sent.
    pub fn outcome(&mut self) -> Outcome {
        let dialogue = self.dialogue;
        if self.is_left_out {
            return Outcome::not_asked();
        }
        let is_said = |text: &str| dialogue.refused.is_match(text) || dialogue.done.is_match(text);
        Outcome::of(dialogue, self.person.finish(Some(&is_said)))
    }

    /// Types all of a look at one show but its last line, or at the table; false if a client sees that at
    /// its start only.
    pub fn prepare_view(&mut self, show: &str) -> bool {
        let dialogue = self.dialogue;
        let keys = dialogue.view.as_ref().or(dialogue.list.as_ref());
        if let Some(keys) = keys {
            self.prepare(keys, Values { show, ..Values::default() }, None);
        }
        keys.is_some()
    }

    /// Waits until it is the person's turn again, whatever was typed.
    pub fn finish(&mut self) -> Turn {
        self.person.finish(None)
    }

    /// Types anything, line by line.
    pub fn type_raw(&mut self, text: &str) -> Turn {
        self.act(text, Values::default(), None)
    }

    fn act(&mut self, keys: &str, values: Values<'_>, wanted: Option<Wanted<'_>>) -> Turn {
        self.prepare(keys, values, None);
        self.person.send();
        self.person.finish(wanted)
    }

    fn prepare(&mut self, keys: &str, values: Values<'_>, stop: Option<&Regex>) {
        if self.dialogue.one_action && self.has_acted {
            self.reopen();
        }
        self.has_acted = true;
        let is_open = self.opening.ending.asks();
        self.person.prepare(if is_open { pieces(keys, values) } else { Vec::new() }, stop);
        if !is_open {
            self.person.end(self.opening.ending.clone());
        }
    }

    fn start_screen(&mut self) -> Turn {
        if self.has_acted || self.is_opening_read {
            if !self.dialogue.quit_stops_server && !self.dialogue.one_action {
                self.type_quit();
            }
            self.reopen();
        }
        self.is_opening_read = true;
        self.opening.clone()
    }

    /// Ends the client and starts it anew; the transcript goes on.
    fn reopen(&mut self) {
        let transcript = self.person.session.end();
        (self.has_acted, self.is_opening_read) = (false, false);
        match Session::start(self.launcher, &self.program, transcript, self.patience) {
            Ok(session) => {
                self.person.session = session;
                self.opening = begin(&mut self.person, self.dialogue, &self.name);
            }
            Err(error) => self.opening.ending = Ending::NotStarted(error.to_string()),
        }
    }
}

fn begin(person: &mut Person, dialogue: &Dialogue, name: &str) -> Turn {
    let values = Values { name, ..Values::default() };
    let keys: Vec<String> = dialogue.open.iter().flat_map(|keys| pieces(keys, values)).collect();
    let has_row = |text: &str| dialogue.row.is_match(text);
    let screen: Option<Wanted<'_>> = if dialogue.list.is_none() { Some(&has_row) } else { None };
    person.begin(&keys, screen)
}
