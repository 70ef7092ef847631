//! However a trial ends, the terminal is as it was, and nothing stays.

use std::fs;

use harness::effort::Effort;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::person::Person;
use crate::submission::Course;

/// A person whose client is on the terminal.
fn at_the_menu(course: &Course) -> Person {
    course.forget_dialogue();
    let mut person = Person::start(&mut course.command());
    person.answer(&[("Press Enter to open", "")]);
    person.see("(1/6)");
    person.see("? ");
    assert!(!person.is_as_before());
    person
}

/// Whether a process works in this course's folder.
fn is_alive(course: &Course) -> bool {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let folders = processes.filter_map(|process| fs::read_link(process.path().join("cwd")).ok());
    let tmp = course.path("tmp");
    folders.into_iter().any(|folder| folder.starts_with(&tmp))
}

#[test]
fn a_signal_ends_the_programs_and_restores_the_terminal() {
    let all = [(Signal::SIGINT, 130), (Signal::SIGTERM, 143), (Signal::SIGHUP, 129)];
    for (signal, code) in all.into_iter().take(Effort::asked().of(1, 3, 3)) {
        let course = Course::with("q2", "good-c-fixed-key");
        let person = at_the_menu(&course);
        assert!(is_alive(&course));
        person.signal(signal);
        let (status, seen) = person.end();
        assert_eq!(status, Some(code), "{seen}");
        assert!(course.is_tidy() && !is_alive(&course), "{signal}");
    }
}

#[test]
fn a_trial_that_is_killed_restores_the_terminal_too() {
    let course = Course::with("q2", "good-c-fixed-key");
    let person = at_the_menu(&course);
    let id = person.child.id();
    let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap();
    let inside = children.split_whitespace().next().unwrap().parse().unwrap();
    kill(Pid::from_raw(inside), Signal::SIGKILL).unwrap();
    let (status, seen) = person.end();
    assert_eq!(status, Some(2), "{seen}");
    assert!(seen.contains("the trial was ended"), "{seen}");
    assert!(course.is_tidy() && !is_alive(&course));
}
