//! What is asked wrongly, and who kills the judge.

use std::fs;
use std::path::Path;

use crate::program::{beside, grade, items, submission};

#[test]
fn without_the_program_that_asks_nothing_is_judged_and_the_way_to_it_is_said() {
    let folder = submission("queue", b"");
    let alone = folder.path().join("grade");
    fs::copy(env!("CARGO_BIN_EXE_grade"), &alone).unwrap();
    let output = grade(&alone, folder.path(), &[]);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("--package tests --bin wire-door"), "{text}");
}

#[test]
fn a_question_must_say_how_its_server_is_reached() {
    let folder = submission("queue", b"");
    let path = folder.path().join("assignment.toml");
    let asked = |text: &str, words: &[&str]| {
        fs::write(&path, text).unwrap();
        let output = grade(Path::new(env!("CARGO_BIN_EXE_grade")), folder.path(), words);
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (status, text) = asked("[q]\nserver = [\"./s\"]\ndoors = [\"wire\"]\n", &[]);
    assert!(status == Some(2) && text.contains("needs `mechanism`, or `wire`"), "{text}");
    let (status, text) = asked("[q]\nserver = [\"./s\"]\nwire = \"queue\"\n", &[]);
    assert!(status == Some(2) && text.contains("`client` is empty"), "{text}");
    let wire = "[q]\nserver = [\"./s\"]\nwire = \"queue\"\ndoors = [\"wire\"]\n";
    let (status, text) = asked(wire, &["--door", "menu"]);
    assert!(status == Some(2) && text.contains("without `client` and `dialogue`"), "{text}");
    let (status, text) = asked(&wire.replace("\"wire\"]", "\"wires\"]"), &[]);
    assert!(status == Some(2) && text.contains("wires"), "{text}");
}

#[test]
fn who_kills_the_program_that_asks_loses_the_item() {
    let Some(_) = beside("wire-door") else { return };
    let server = b"#!/bin/sh\necho ready nobody here\nkill -9 $PPID\nsleep 60\n";
    let items = items(submission("queue", server).path(), &["--item", "wire-starts"]);
    let item = items.iter().find(|item| item["id"] == "wire-starts").unwrap();
    assert_eq!(item["verdict"], "fail", "{item:#}");
    let cause = item["cause"].as_str().unwrap();
    assert!(cause.contains("has killed the program that asks"), "{item:#}");
}

#[test]
fn a_lost_item_says_where_it_is_explained() {
    let Some(_) = beside("wire-door") else { return };
    let folder = submission("queue", b"#!/bin/sh\necho Hello\n");
    let words = ["--item", "wire-starts"];
    let output = grade(Path::new(env!("CARGO_BIN_EXE_grade")), folder.path(), &words);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("Explained: grade/docs/wire.md#wire-starts"), "{text}");
}
