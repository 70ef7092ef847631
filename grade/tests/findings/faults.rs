//! One fault each, made in a right submission: its item is lost, and says what was found.

use rstest::rstest;
use serde_json::Value;

use crate::submission::{Submission, is_tried};

/// The item must lose, and its report have this text in its cause, what was seen, or its evidence.
fn loses(submission: &Submission, item: &str, told: &str) {
    let (verdict, report) = submission.verdict(item);
    assert!(["fail", "timeout", "crash"].contains(&verdict.as_str()), "{report:#}");
    let is_told = |part: &Value| part.to_string().contains(told);
    assert!(
        ["cause", "actual", "evidence"].iter().any(|part| is_told(&report[part])),
        "{report:#}"
    );
}

const DETACHED: &str = "q4/good-c-detached-threads";
const SELECTOR: &str = "q5/good-python-selectors";

#[rstest]
#[case::server_that_never_sleeps(
    "idle", SELECTOR, ("server.py", "selector.select()", "selector.select(0)"), "python3 server.py"
)]
#[case::confirms_a_view(
    "view-only", DETACHED, ("client.c", "-> %s.", "-> Booked? %s."), "-> Booked"
)]
#[case::a_table_takes_a_seat(
    "view-only",
    SELECTOR,
    ("server.py", "return {\"shows\"", "SHOWS[0][\"left\"] -= 1\n        return {\"shows\""),
    "the count has changed"
)]
#[case::removes_the_queue_of_another("two-servers", DETACHED, ("tickets.h", "", ""), "another count")]
#[case::does_not_know_its_own_queue(
    "restarts", DETACHED, ("server.c", "if (old != -1)", "if (0)"), "File exists"
)]
#[case::unused_variable(
    "warnings", DETACHED, ("server.c", "int got;", "int got, unused;"), "-Wunused-variable"
)]
#[case::size_of_a_pointer(
    "asan",
    DETACHED,
    ("server.c", "malloc(sizeof *copy)", "malloc(sizeof copy)"),
    "heap-buffer-overflow"
)]
#[case::shift_out_of_range(
    "ubsan",
    DETACHED,
    ("server.c", "request->seats > show->seats", "(request->seats << 24 >> 24) > show->seats"),
    "left shift"
)]
#[case::fixed_key("keys", DETACHED, ("tickets.h", "", ""), "0x7e1e7")]
#[case::ftok_of_no_file(
    "keys",
    "q2/good-python-private-queues",
    ("sysv.py", "_checked(_libc.ftok(os.fsencode(path), ord(project)))", "-1"),
    "0xffffffff"
)]
#[case::threads_that_nobody_joins(
    "threads-end", DETACHED, ("server.c", "pthread_detach(thread);", ""), "more, each time"
)]
#[case::threads_that_never_return(
    "threads-end",
    DETACHED,
    ("server.c", "    free(argument);\n", "    free(argument);\n    for (;;)\n        pause();\n"),
    "80 threads more"
)]
#[case::view_without_the_lock(
    "tsan",
    DETACHED,
    (
        "server.c",
        "    pthread_mutex_lock(&show->lock);\n    snprintf(reply->text, sizeof reply->text, \"%s has \
         %d free seats\", show->title, show->seats);\n    pthread_mutex_unlock(&show->lock);\n",
        "    snprintf(reply->text, sizeof reply->text, \"%s has %d free seats\", show->title, \
         show->seats);\n"
    ),
    "data race"
)]
fn a_fault_loses_its_item(
    #[case] item: &str,
    #[case] name: &str,
    #[case] (file, old, new): (&str, &str, &str),
    #[case] told: &str,
) {
    if !is_tried(true) && item != "asan" {
        return;
    }
    loses(&Submission::of(name).but(file, old, new), item, told);
}

#[test]
fn a_semaphore_of_system_v_is_unknown_to_the_sanitizer() {
    if !is_tried(false) {
        return;
    }
    let semaphore =
        "static void unused(void) { semop(0, 0, 0); }\nint main(void)\n{\n    (void)unused;";
    let submission = Submission::of(DETACHED)
        .but("server.c", "#include \"tickets.h\"", "#include <sys/sem.h>\n#include \"tickets.h\"")
        .but("server.c", "int main(void)\n{", semaphore);
    assert_eq!(submission.verdict("tsan").0, "not_judged");
}
