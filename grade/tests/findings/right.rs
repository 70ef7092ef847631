//! Right submissions, written differently: nothing is found.

use rstest::rstest;

use crate::submission::{Submission, is_tried};

/// What is asked of programs in C.
const C: [&str; 8] =
    ["idle", "view-only", "restarts", "threads-end", "warnings", "asan", "ubsan", "tsan"];

#[rstest]
#[case::two_threads("q3/good-c-two-queues")]
#[case::thread_per_connection("q5/good-c-threads")]
fn right_programs_in_c_pass(#[case] name: &str) {
    if !is_tried(!name.starts_with("q5")) {
        return;
    }
    let reports = Submission::of(name).asked(&[&C[..], &["two-servers"]].concat());
    for (id, report) in reports {
        assert_eq!(report["verdict"], "pass", "{id}: {report:#}");
    }
}

/// What nobody compiles has no warnings, and is not said to have passed.
#[rstest]
#[case::selector("q5/good-python-selectors")]
#[case::private_queues("q2/good-python-private-queues")]
fn right_programs_in_python_pass_what_can_be_asked(#[case] name: &str) {
    if !is_tried(name.starts_with("q5")) {
        return;
    }
    let reports = Submission::of(name).asked(&[&C[..], &["two-servers"]].concat());
    for (id, report) in reports {
        let is_of_compilers = ["warnings", "asan", "ubsan", "tsan"].contains(&id.as_str());
        let wanted = if is_of_compilers { "not_judged" } else { "pass" };
        assert_eq!(report["verdict"], wanted, "{id}: {report:#}");
    }
}

#[rstest]
#[case::of_the_folder("q3/good-c-two-queues", "ftok(., ")]
#[case::of_a_file_and_private("q2/good-python-private-queues", "ftok(serveur.py, 0x53 'S')")]
fn keys_of_files_pass_and_are_evidence_of_the_mechanism(#[case] name: &str, #[case] origin: &str) {
    if !is_tried(name.starts_with("q3")) {
        return;
    }
    let reports = Submission::of(name).asked(&["keys", "mechanism"]);
    for id in ["keys", "mechanism"] {
        assert_eq!(reports[id]["verdict"], "pass", "{:#}", reports[id]);
        let evidence = reports[id]["evidence"].as_array().unwrap();
        let has = |line: &serde_json::Value| line.as_str().unwrap().contains(origin);
        assert!(evidence.iter().any(has), "{evidence:#?}");
    }
}

#[test]
fn who_receives_the_smallest_type_first_is_evidence() {
    if !is_tried(true) {
        return;
    }
    let (verdict, report) = Submission::of("q4/good-c-detached-threads").verdict("mechanism");
    assert_eq!(verdict, "pass");
    assert!(report["evidence"].to_string().contains("type -3): the smallest type first"));
}

#[test]
fn they_are_asked_by_name_or_for_points_only() {
    let reports = Submission::of("q5/good-c-threads").asked(&["starts"]);
    assert_eq!(reports.keys().collect::<Vec<_>>(), ["builds", "starts"]);
}
