//! On a terminal a person shows how the client is used, and a dialogue that works is written.

use std::process::Stdio;

use crate::person::{DONE, Person};
use crate::submission::Course;

#[test]
fn what_is_typed_at_a_menu_becomes_a_dialogue() {
    let course = Course::with("q2", "good-c-fixed-key");
    course.forget_dialogue();
    let mut person = Person::start(course.command().arg("--write"));
    person.see("! row");
    person.answer(&[("Press Enter to open", "")]);
    person.see("(1/6)");
    person.see("? ");
    person.press(DONE);
    person.see("(2/6)");
    person.answer(&[("? ", "9\u{7f}1")]);
    person.see("[4] La Flute");
    person.see("? ");
    person.press(DONE);
    person.see("(3/6)");
    person.answer(&[("? ", "2"), ("Spectacle : ", "3")]);
    person.see("? ");
    person.press(DONE);
    person.see("(4/6)");
    person.answer(&[("? ", "3"), ("Spectacle : ", "3"), ("Places : ", "1")]);
    person.see("? ");
    person.press(DONE);
    person.see("(5/6)");
    person.answer(&[("? ", "3"), ("Spectacle : ", "3"), ("Places : ", "500")]);
    person.see("? ");
    person.press(DONE);
    person.see("(6/6)");
    person.answer(&[("? ", "0")]);
    person.see("[q2.dialogue]");
    person.see("Written into");
    let (status, seen) = person.end();
    assert_eq!(status, Some(0), "{seen}");
    for line in [
        "list = \"1\\n\"",
        r"row = '^\s*\[\s*(?<show>\d+)\s*\].*?(?<seats>-?\d+) places? libres?'",
        "view = \"2\\n{show}\\n\"",
        r"left = 'encore (?<seats>-?\d+) places?'",
        "reserve = \"3\\n{show}\\n{seats}\\n\"",
        "done = 'Réservation OK'",
        "refused = 'Réservation NOK'",
        "quit = \"0\\n\"",
    ] {
        assert!(course.own_file().contains(line), "{line}:\n{}", course.own_file());
    }
    assert!(course.is_tidy());
    let again = course.command().stdin(Stdio::null()).output().unwrap();
    assert_eq!(again.status.code(), Some(0), "{}", String::from_utf8_lossy(&again.stdout));
}

#[test]
fn a_table_on_the_start_screen_needs_no_keys_and_ctrl_c_leaves() {
    let course = Course::with("q3", "good-c-two-queues");
    course.forget_dialogue();
    let mut person = Person::start(&mut course.command());
    person.answer(&[("Press Enter to open", "")]);
    const MENU: &str = "2 = réserver : ";
    for step in ["(1/6)", "(2/6)"] {
        person.see(step);
        person.see(MENU);
        person.press(DONE);
    }
    person.see("(3/6)");
    person.answer(&[(MENU, "1"), ("spectacle ? ", "2")]);
    person.see(MENU);
    person.press(DONE);
    for (step, seats) in [("(4/6)", "1"), ("(5/6)", "500")] {
        person.see(step);
        person.answer(&[(MENU, "2"), ("spectacle ? ", "2"), ("9999) ? ", seats)]);
        person.see(MENU);
        person.press(DONE);
    }
    person.see("(6/6)");
    person.see(MENU);
    person.press("\u{3}");
    let (status, seen) = person.end();
    assert_eq!(status, Some(0), "{seen}");
    let (_, made) = seen.split_once("[q3.dialogue]").unwrap();
    assert!(!made.contains("list =") && made.contains("quit = \"\\u0003\""), "{made}");
    assert!(made.contains("The dialogue works."), "{made}");
    assert!(course.is_tidy());
}

#[test]
fn a_dialogue_that_works_already_is_left_as_it_is() {
    let course = Course::with("q2", "good-c-fixed-key");
    let before = course.own_file();
    let mut person = Person::start(course.command().arg("--write"));
    person.answer(&[("Press Enter to end", "")]);
    let (status, seen) = person.end();
    assert_eq!((status, course.own_file()), (Some(0), before), "{seen}");
}

#[test]
fn a_client_has_the_size_of_the_persons_window() {
    let course = Course::of_shell_scripts("stty size; read x; stty size; read x");
    let mut person = Person::start(&mut course.command());
    person.answer(&[("Press Enter to open", "")]);
    person.see("24 80");
    person.resize(30, 100);
    person.press("\r");
    person.see("30 100");
    person.signal(nix::sys::signal::Signal::SIGTERM);
    person.end();
}
