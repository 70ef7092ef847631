//! Who answers a request: a thread or a process that was made for it, or one that was there.

use rstest::rstest;

use crate::submission::{Submission, is_tried};

const DETACHED: &str = "q4/good-c-detached-threads";
const START: &str = "    pthread_t thread;\n    struct request *copy";
/// Instead of a thread, a process for each request.
const FORK: &str = "    signal(SIGCHLD, SIG_IGN);\n    if (fork() == 0) {\n        answer(request);\n        \
     _exit(0);\n    }\n    return;\n    pthread_t thread;\n    struct request *copy";
/// The main thread answers, and a thread is made that does nothing.
const IDLE: &str = "    pthread_t nobody;\n    pthread_create(&nobody, NULL, nothing, NULL);\n    \
     pthread_detach(nobody);\n    answer(request);\n    return;\n    pthread_t thread;\n    struct \
     request *copy";

fn mechanism(submission: &Submission, wanted: &str, told: &str) {
    // A process is taken for a thread, and a thread that does not answer for one that does.
    if !is_tried(wanted == "fail") {
        return;
    }
    let (verdict, report) = submission.verdict("mechanism");
    assert_eq!(verdict, wanted, "{report:#}");
    let is_told = ["actual", "evidence"].iter().any(|part| report[part].to_string().contains(told));
    assert!(is_told, "{report:#}");
}

fn forks() -> Submission {
    Submission::of(DETACHED)
        .but("server.c", "#include <string.h>", "#include <string.h>\n#include <unistd.h>")
        .but("server.c", START, FORK)
}

fn per_process(submission: Submission) -> Submission {
    submission.asked_for("\"thread-per-request\"", "\"process-per-request\"")
}

#[rstest]
#[case::in_c(DETACHED, "10 answered by a new thread, 0 by a new process")]
// Its client looks before it books.
#[case::in_python("q4/good-python-posix-queues", "20 answered by a new thread, 0 by a new process")]
fn a_thread_for_each_request_is_one(#[case] name: &str, #[case] told: &str) {
    mechanism(&Submission::of(name), "pass", told);
}

#[test]
fn without_strace_tasks_are_counted_and_that_is_said() {
    mechanism(
        &Submission::of(DETACHED).without_strace(),
        "pass",
        "threads are not told from processes",
    );
}

#[test]
fn a_process_for_each_request_is_no_thread() {
    mechanism(&forks(), "fail", "0 are answered by such a thread, 10 by such a process");
}

#[test]
fn a_process_for_each_request_is_one_where_it_is_asked_for() {
    mechanism(&per_process(forks()), "pass", "0 answered by a new thread, 10 by a new process");
}

#[test]
fn a_thread_is_no_process() {
    let submission = per_process(Submission::of(DETACHED));
    mechanism(&submission, "fail", "10 are answered by such a thread, 0 by such a process");
}

#[test]
fn a_thread_that_does_not_answer_serves_nobody() {
    let nothing = "static void *nothing(void *argument)\n{\n    return argument;\n}\n\nstatic void start_thread";
    let submission = Submission::of(DETACHED)
        .but("server.c", "static void start_thread", nothing)
        .but("server.c", START, IDLE);
    mechanism(&submission, "fail", "0 are answered by such a thread, 0 by such a process");
}
