//! The kit: what a teacher hands out is what the grader knows.
#![expect(clippy::unwrap_used, reason = "a test's helpers may panic as the test itself")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use grade::options::Door;
use serde_json::Value;

const QUESTIONS: [&str; 5] = ["q1", "q2", "q3", "q4", "q5"];

fn kit(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../kit").join(name)
}

/// A skeleton has the points of *builds* and *starts*, and no others.
fn begins_with_two_points(question: &str) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_grade"));
    command.arg(question).arg(kit("skeletons")).args(["--format", "json", "--assignment"]);
    command.arg(kit("assignment.toml"));
    harness::sys::tie_to_this_thread(&mut command);
    let output = command.output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let items = report["items"].as_array().unwrap();
    let has_points = |item: &&Value| item["points"].as_f64().unwrap() > 0.0;
    let ids: Vec<&str> =
        items.iter().filter(has_points).map(|item| item["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["builds", "starts"], "{question}: {report:#}");
    assert_eq!((&report["points"], &report["max"]), (&2.0.into(), &20.0.into()), "{question}");
}

#[test]
fn a_skeleton_of_pipes_begins_with_two_points() {
    begins_with_two_points("q1");
}

#[test]
fn a_skeleton_of_queues_begins_with_two_points() {
    begins_with_two_points("q2");
}

#[test]
fn a_skeleton_of_two_threads_begins_with_two_points() {
    begins_with_two_points("q3");
}

#[test]
fn a_skeleton_of_a_thread_per_request_begins_with_two_points() {
    begins_with_two_points("q4");
}

#[test]
fn a_skeleton_of_sockets_begins_with_two_points() {
    begins_with_two_points("q5");
}

/// Each folder is handed in by itself, so each has its own copy.
#[test]
fn every_skeleton_has_the_same_menu_and_makefile() {
    for name in ["menu.c", "Makefile"] {
        let text = |question: &str| {
            fs::read_to_string(kit("skeletons").join(question).join(name)).unwrap()
        };
        for question in QUESTIONS {
            assert_eq!(text(question), text("q1"), "{question}/{name}");
        }
    }
}

#[test]
fn the_header_is_the_one_of_the_protocol() {
    let own = kit("../common/include/spectacles.h");
    assert_eq!(fs::read(kit("spectacles.h")).unwrap(), fs::read(own).unwrap());
}

#[test]
fn the_rubric_names_every_item_with_its_points() {
    let rubric = fs::read_to_string(kit("rubric.md")).unwrap();
    for item in grade::items::all().filter(|item| item.points > 0.0 && item.door != Door::Wire) {
        let row = format!("| {} | {}", item.id, item.points);
        assert!(rubric.contains(&row), "{row}");
    }
}
