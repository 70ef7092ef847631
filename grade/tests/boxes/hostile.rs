//! Submissions that attack their judge: it goes on judging.

use std::time::Duration;

use grade::sandbox::steps::{End, Step};
use rstest::rstest;

use crate::boxed::{By, at_most, background, run_steps, say};

/// After an attack the judge still runs a second step.
fn survives(by: By, attack: Step) -> End {
    let report = run_steps(by, vec![attack, Step::shell("echo alive")]);
    assert_eq!(report.step(1), (&End::Exit(0), "alive\n"), "{report:?}");
    report.step(0).0.clone()
}

#[rstest]
#[case::me(By::Me)]
#[case::user(By::User)]
fn the_judge_survives_signals(#[case] by: By) {
    let signals = "for s in KILL STOP TERM INT SEGV HUP QUIT RTMIN; do /bin/kill -$s 1; done";
    assert_eq!(survives(by, Step::shell(signals)), End::Exit(0));
    assert_eq!(survives(by, Step::shell("kill -9 0")), End::Signal(9));
    survives(by, Step::shell("kill -9 -1"));
    survives(by, Step { terminal: true, ..Step::shell("kill -9 0") });
    survives(by, Step { terminal: true, ..Step::shell("kill -9 -1") });
}

#[rstest]
#[case::me(By::Me)]
#[case::user(By::User)]
fn the_judge_cannot_be_traced_or_limited(#[case] by: By) {
    let line = "strace -p 1 2>&1; gdb -batch -p 1 2>&1; cat /proc/1/mem /proc/1/environ 2>&1";
    let said = run_steps(by, vec![Step::shell(line)]);
    let (_, said) = said.step(0);
    assert!(said.matches("ermi").count() >= 3, "{said}");
    assert!(!said.contains("PATH="), "{said}");
    let limit = "import resource as r; r.prlimit(1, r.RLIMIT_CPU, (0, 0))";
    let line =
        format!("/usr/bin/python3 -c '{limit}'; n=0; while [ $n -lt 300000 ]; do n=$((n+1)); done");
    survives(by, Step::shell(&line));
}

#[rstest]
#[case::me(By::Me)]
#[case::user(By::User)]
fn its_own_limits_can_be_set(#[case] by: By) {
    let line =
        "import resource as r; r.setrlimit(r.RLIMIT_CPU, (5, 5)); print(r.getrlimit(r.RLIMIT_CPU))";
    assert_eq!(say(by, &format!("/usr/bin/python3 -c '{line}'")), "(5, 5)\n");
}

#[rstest]
#[case::me(By::Me)]
#[case::user(By::User)]
fn a_fork_bomb_ends_with_its_step(#[case] by: By) {
    let bomb = at_most(Duration::from_secs(1), "f() { f | f & }; f; wait; sleep 100");
    let report = run_steps(by, vec![bomb, Step::shell("kill -9 -1")]);
    assert!(report.step(0).1.contains("fork"), "{report:?}");
}

#[rstest]
#[case::me(By::Me)]
#[case::user(By::User)]
fn what_it_prints_is_never_taken_for_a_result(#[case] by: By) {
    let forged =
        r#"printf 'L\024\0\0\0{"step":{"step":7}}' > /proc/self/fd/1; echo; ls -l /proc/self/fd"#;
    let report = run_steps(by, vec![Step::shell(forged)]);
    assert_eq!(report.done.len(), 1);
}

#[rstest]
#[case::me(By::Me)]
#[case::user(By::User)]
fn a_server_that_calls_daemon_lives(#[case] by: By) {
    // As daemon(3): the parent ends, the child leads a new session.
    let server = "
import os, signal, time
if os.fork(): os._exit(0)
time.sleep(0.2)
os.setsid()
os.kill(os.getpid(), 0)
time.sleep(100)
";
    let line = format!("exec /usr/bin/python3 -c '{server}'");
    let server = Step { terminal: true, ..Step::shell(&line) };
    let report = run_steps(by, vec![server, Step::shell("sleep 0.5; pgrep -c python3")]);
    assert_eq!(report.step(0).0, &End::Exit(0));
    assert_eq!(report.step(1).1, "1\n", "{report:?}");
}

#[rstest]
#[case::me(By::Me)]
#[case::user(By::User)]
fn a_terminal_is_the_controlling_one_of_the_foreground_group(#[case] by: By) {
    let line = "tty; test -t 0 && echo x > /dev/tty && ps -o tpgid=,pgid= -p $$";
    let report = run_steps(by, vec![Step { terminal: true, ..Step::shell(line) }]);
    let (end, said) = report.step(0);
    assert_eq!(*end, End::Exit(0), "{said}");
    let lines: Vec<&str> = said.lines().map(str::trim).collect();
    assert_eq!(lines[..2], ["/dev/pts/0", "x"]);
    let groups: Vec<&str> = lines[2].split_whitespace().collect();
    assert_eq!(groups[0], groups[1]);
}

#[rstest]
#[case::me(By::Me)]
#[case::user(By::User)]
fn orphans_are_collected(#[case] by: By) {
    let line = "for i in 1 2 3; do (sleep 0.05 & echo $! >> born); done; sleep 0.1
        for pid in $(cat born); do while kill -0 $pid 2>/dev/null; do sleep 0.01; done; done";
    let report = run_steps(by, vec![background("exec sleep 50"), Step::shell(line)]);
    assert_eq!(report.step(1).0, &End::Exit(0));
    assert_eq!(report.left().processes.len(), 1, "{report:?}");
}
