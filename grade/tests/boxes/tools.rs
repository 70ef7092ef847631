//! Compilers, sanitizers and debuggers work in a box.

use grade::sandbox::steps::{End, Step, Steps};
use rstest::rstest;

use crate::boxed::{By, background, run_in, run_steps, say, submission};

const OVERFLOW: &str = "#include <stdlib.h>
int main(int argc, char **argv) { int *p = malloc(4); int n = p[argc]; free(p); return n; }
";

#[rstest]
#[case::me(By::Me)]
#[case::user(By::User)]
fn compilers_and_sanitizers_work(#[case] by: By) {
    let tree = submission(&[("a.c", OVERFLOW), ("ok.c", "int main(void) { return 0; }\n")]);
    let lines = [
        "gcc -Wall -pthread ok.c -o ok && ./ok",
        "gcc -g -fsanitize=address a.c -o a && ./a",
        "gcc -g -fsanitize=thread ok.c -o t && ./t",
        "gdb -batch -ex run ./ok",
        "strace -o trace ./ok && grep -q exit_group trace",
    ];
    let steps = Steps { run: lines.map(Step::shell).to_vec(), keep: false };
    let report = run_in(by, |spec| spec.submission = tree, steps);
    report.result.as_ref().unwrap();
    for step in [0, 2, 4] {
        assert_eq!(report.step(step).0, &End::Exit(0), "{report:?}");
    }
    assert!(report.step(1).1.contains("heap-buffer-overflow"), "{report:?}");
    assert!(report.step(3).1.contains("exited normally"), "{report:?}");
}

/// Where there is a Rust toolchain in PATH, it works. It is in the home of whoever has it.
#[test]
fn a_toolchain_in_a_home_works() {
    let line = "printf 'fn main() { println!(\"rust\"); }' > a.rs && rustc a.rs && ./a";
    assert_eq!(say(By::Me, line), "rust\n");
}

#[rstest]
#[case::me(By::Me)]
#[case::user(By::User)]
fn what_cannot_be_started_is_said(#[case] by: By) {
    let start = |argv: &[&str]| Step {
        argv: argv.iter().map(|text| (*text).to_owned()).collect(),
        ..Step::shell("")
    };
    let steps =
        vec![start(&["absent"]), start(&["./text"]), start(&[]), start(&["./text", "a\0b"])];
    let tree = submission(&[("text", "no program")]);
    let report = run_in(by, |spec| spec.submission = tree, Steps { run: steps, keep: false });
    let errors = [0, 1, 2, 3].map(|step| match report.step(step).0 {
        End::Start(why) => why.clone(),
        end => panic!("{end:?}"),
    });
    assert!(
        errors[0].contains("No such file") && errors[1].contains("Permission denied"),
        "{errors:?}"
    );
    report.result.unwrap();
}

#[rstest]
#[case::me(By::Me)]
#[case::user(By::User)]
fn the_judge_traces_and_chooses_the_next_pid(#[case] by: By) {
    let tool = |line: &str| Step { tool: true, ..Step::shell(line) };
    let steps = vec![
        background("exec sleep 50"),
        tool("timeout -s INT 1 strace -o /tmp/trace -p $(pgrep sleep); cat /tmp/trace"),
        tool("echo 700 > /proc/sys/kernel/ns_last_pid"),
        Step::shell("echo $$"),
        tool("ps -e -o stat= | grep -c Z; id -u"),
    ];
    let report = run_steps(by, steps);
    assert!(report.step(1).1.contains("restart_syscall"), "{report:?}");
    // The thread that reads what it says is born before it.
    assert!(["701\n", "702\n"].contains(&report.step(3).1), "{report:?}");
    assert_eq!(report.step(4).1, "0\n0\n");
    assert_eq!(report.left().processes.len(), 1);
}
