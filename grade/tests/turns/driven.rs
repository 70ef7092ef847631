//! Clients of every kind are driven, on a quiet machine and under load, without a wrong turn.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use grade::assignment::question::{Question, Ready};
use grade::dialogue::client::Client;
use grade::dialogue::reading::{Answer, Row};
use grade::launch::launcher::Launcher;
use grade::patience::Patience;
use grade::terminal::turn::{Ending, Turn};
use harness::effort::Effort;

use crate::programs::{Folder, Load, Server, has_compiler, question};

/// Busy loops while clients are driven: twice as many as this machine has CPUs.
const LOOPS: usize = 4;
/// Clients that are driven at once under load, each with a server of its own.
const PLACES: usize = 4;

/// Held while clients are driven: the load is that of one test.
static DRIVING: Mutex<()> = Mutex::new(());

/// What was measured.
#[derive(Default)]
struct Tally {
    turns: usize,
    wrong: Vec<String>,
    times: Vec<Duration>,
}

impl Tally {
    fn check(&mut self, turn: &Turn, is_right: bool, what: &str) {
        self.turns += 1;
        self.times.push(turn.used);
        if !is_right {
            self.wrong.push(format!("{what}: {}:\n{}", turn.ending, turn.conversation()));
        }
    }

    fn add(&mut self, other: Tally) {
        self.turns += other.turns;
        self.wrong.extend(other.wrong);
        self.times.extend(other.times);
    }

    fn say(&mut self, who: &str, load: usize) {
        self.times.sort();
        let ms = |at: usize| self.times[at].as_secs_f64() * 1000.0;
        let (median, last) = (ms(self.times.len() / 2), ms(self.times.len() - 1));
        let (turns, wrong) = (self.turns, self.wrong.len());
        eprintln!(
            "{who:>10}, {load} busy loops: {median:6.1} ms an action, {last:6.1} at most; \
             {wrong} wrong of {turns}"
        );
    }
}

/// Drives a client through every action; its table has 3000 seats at most in the second row.
fn drive(client: &mut Client<'_>, tally: &mut Tally) {
    let before = client.left("2");
    let seats = before.value.unwrap_or(-1);
    tally.check(&before.turn, (0..=3000).contains(&seats), "left");

    let done = client.reserve("2", "3");
    tally.check(&done.turn.unwrap(), done.answer == Answer::Done, "reserve 3");

    let after = client.left("2");
    tally.check(&after.turn, after.value == Some(seats - 3), "left after it");

    let refused = client.reserve("2", "9999");
    tally.check(&refused.turn.unwrap(), refused.answer == Answer::Refused, "reserve 9999");

    let list = client.list();
    let row = |show: &str, seats| Row { show: show.to_owned(), seats: Some(seats) };
    let is_whole = |rows: Vec<Row>| rows == [row("1", 4000), row("2", seats - 3), row("3", 2000)];
    tally.check(&list.turn, list.value.is_some_and(is_whole), "list");

    let odd = client.type_raw("7\n");
    tally.check(&odd, odd.text.contains("inconnu"), "an unknown choice");
}

pub(crate) fn open<'a>(
    launcher: &'a Launcher,
    question: &'a Question,
    cwd: &Path,
    p: Patience,
) -> Client<'a> {
    let client = Client::open(launcher, question, "localhost", cwd, "Ana", p).unwrap();
    let opening = client.opening();
    assert!(opening.ending.asks(), "{}: {:?}", opening.ending, opening.text);
    client
}

/// A server that can be asked, if there is one, and the question that its clients answer to.
struct Place {
    _server: Option<Server>,
    folder: Folder,
    question: Question,
}

impl Place {
    /// A C client, compiled, with a server of its own.
    fn c(name: &str, options: &[&str], more: &str) -> Place {
        let folder = Folder::new();
        folder.compile("serveur.c", "serveur", &[]);
        folder.compile(&format!("{name}.c"), "client", options);
        let launcher = Launcher::bare();
        let server = folder.serve(&launcher, &["./serveur"], &Ready::Auto, Patience::of(3.0));
        let question = question(&["./client"], more);
        Place { _server: Some(server.unwrap()), folder, question }
    }

    fn drive(&self, launcher: &Launcher, patience: Patience, tally: &mut Tally) {
        let mut client = open(launcher, &self.question, self.folder.path(), patience);
        drive(&mut client, tally);
        let end = client.quit();
        let is_gone = matches!(end.ending, Ending::Exit(status) if status.success());
        tally.check(&end, is_gone, "quit");
    }
}

/// Drives fresh clients, one by one on a quiet machine if there is time for it, and then several at once under load.
fn drive_many(who: &str, place: impl Fn() -> Place + Sync) {
    let _alone = DRIVING.lock().unwrap_or_else(PoisonError::into_inner);
    let (quiet, loaded) = Effort::asked().of((1, 0), (3, 20), (20, 20));
    for (runs, loops, places, patience) in [(quiet, 0, 1, 1.0), (loaded, LOOPS, PLACES, 2.0)] {
        if runs == 0 {
            continue;
        }
        let load = Load::of(&Launcher::bare(), loops);
        let tally = Mutex::new(Tally::default());
        let left = AtomicUsize::new(runs);
        let is_left = || left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)).is_ok();
        thread::scope(|scope| {
            for _ in 0..places.min(runs) {
                scope.spawn(|| {
                    let (place, launcher) = (place(), Launcher::bare());
                    let mut own = Tally::default();
                    while is_left() {
                        place.drive(&launcher, Patience::of(patience), &mut own);
                    }
                    tally.lock().unwrap().add(own);
                });
            }
        });
        let mut tally = tally.into_inner().unwrap();
        tally.say(who, load.len());
        assert!(tally.wrong.is_empty(), "{who}: {}", tally.wrong.join("\n"));
    }
}

fn drive_c(name: &str, options: &[&str], more: &str) {
    if has_compiler(name) {
        drive_many(name, || Place::c(name, options, more));
    }
}

#[test]
fn a_client_with_scanf_is_driven() {
    drive_c("scanf", &[], "");
}

#[test]
fn a_client_that_reads_byte_by_byte_is_driven() {
    drive_c("octets", &[], "");
}

#[test]
fn a_client_that_ends_after_one_action_is_driven() {
    drive_c("une_action", &[], "one_action = true\n");
}

#[test]
fn a_client_with_a_reader_thread_is_driven() {
    drive_c("fil", &[], "");
}

#[test]
fn a_client_that_polls_is_driven() {
    drive_c("boucle", &[], "");
}

#[test]
fn a_client_that_looks_at_its_keyboard_now_and_then_is_driven() {
    drive_c("scrute", &[], "");
}

#[test]
fn a_client_that_asks_late_is_driven() {
    drive_c("tardif", &[], "");
}

#[test]
fn a_client_whose_child_asks_is_driven() {
    drive_c("enfant", &[], "");
}

#[test]
fn a_client_with_readline_is_driven() {
    if !Path::new("/usr/include/readline/readline.h").is_file() {
        return harness::stage::skip("a_client_with_readline_is_driven", "libreadline-dev");
    }
    drive_c("ligne", &["-lreadline"], "");
}

#[test]
fn a_client_in_python_with_readline_is_driven() {
    let mut python = Command::new("python3");
    if !python.args(["-c", "import readline"]).status().is_ok_and(|status| status.success()) {
        let test = "a_client_in_python_with_readline_is_driven";
        return harness::stage::skip(test, "python3 with readline");
    }
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/turns/programs/client.py");
    let question = question(&["python3", program.to_str().unwrap()], "");
    let place = || Place { _server: None, folder: Folder::new(), question: question.clone() };
    drive_many("python", place);
}
