//! Whether the table is on the disk before the answer is sent.

use serde_json::Value;

use crate::submission::{Submission, is_tried};

const CLOSE: &str = "    return fclose(f) == 0 && bon ? 0 : -1;\n}\n\nstatic int reprendre";

/// A file that is written before each answer, in C; not synced.
fn in_c() -> Submission {
    of_kept(Submission::of("q5/good-c-threads").patched("kept/good-c-file/file.patch"))
}

/// One thread, in Python; a line for each reservation.
fn in_python(sync: &str) -> Submission {
    let write = format!(
        "show[\"left\"] -= seats\n    with open(\"log\", \"a\") as log:\n        log.write(\"sold\\n\")\n{sync}"
    );
    let server = Submission::of("q5/good-python-selectors");
    of_kept(server.but("server.py", "import json", "import json\nimport os")).but(
        "server.py",
        "show[\"left\"] -= seats\n",
        &write,
    )
}

fn of_kept(submission: Submission) -> Submission {
    submission.to("kept").asked_for("persistent = true", "persistent = true\ndurable = true")
}

fn durable(submission: &Submission, wanted: &str) -> Value {
    let (verdict, report) = submission.verdict("durable");
    assert_eq!(verdict, wanted, "{report:#}");
    report
}

#[test]
fn a_sync_before_the_answer_passes() {
    if !is_tried(true) {
        return;
    }
    let synced = CLOSE.replacen(
        "    return",
        "    bon = bon && fflush(f) == 0 && fsync(fileno(f)) == 0;\n    return",
        1,
    );
    durable(&in_c().but("serveur.c", CLOSE, &synced), "pass");
    durable(&in_python("        log.flush()\n        os.fdatasync(log.fileno())\n"), "pass");
}

#[test]
fn a_file_that_is_only_written_is_not_on_the_disk() {
    if !is_tried(true) {
        return;
    }
    let report = durable(&in_c(), "fail");
    assert!(report["cause"].to_string().contains("nothing was synced"), "{report:#}");
}

#[test]
fn a_sync_after_the_answer_comes_too_late() {
    if !is_tried(true) {
        return;
    }
    let answer = "    send(selector, customer)\n\n\ndef send";
    let late = "    send(selector, customer)\n    if any(b\"book\" in line for line in lines):\n        with \
                open(\"log\", \"a\") as log:\n            os.fsync(log)\n\n\ndef send";
    let submission = in_python("").but("server.py", answer, late);
    let report = durable(&submission, "fail");
    assert!(report["cause"].to_string().contains("before the table is on the disk"), "{report:#}");
}

#[test]
fn without_strace_a_sync_is_not_judged() {
    if !is_tried(false) {
        return;
    }
    let report = durable(&in_c().without_strace(), "not_judged");
    assert!(report["cause"].to_string().contains("strace"), "{report:#}");
}

#[test]
fn what_the_assignment_asks_for_is_asked_without_points() {
    if !is_tried(false) {
        return;
    }
    assert!(in_c().asked(&[]).contains_key("durable"));
}
