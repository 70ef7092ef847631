//! Time, memory, processes, disk and output are bounded.

use std::time::{Duration, Instant};

use grade::sandbox::failure::Failure;
use grade::sandbox::steps::{End, Step, Steps};
use rstest::rstest;

use crate::boxed::{By, at_most, run_in, run_steps, say, submission};

#[rstest]
#[case::me(By::Me)]
#[case::user(By::User)]
fn a_box_is_killed_at_its_time_limit(#[case] by: By) {
    let begin = Instant::now();
    let limit = Duration::from_secs(1);
    let steps = Steps { run: vec![Step::shell("trap '' TERM; sleep 100")], keep: false };
    let report = run_in(by, |spec| spec.time_limit = limit, steps);
    assert!(matches!(report.result, Err(Failure::TimeLimit(time)) if time == limit), "{report:?}");
    assert!(begin.elapsed() < Duration::from_secs(4), "{:?}", begin.elapsed());
}

#[rstest]
#[case::me(By::Me)]
#[case::user(By::User)]
fn a_step_is_killed_at_its_time_limit(#[case] by: By) {
    let report = run_steps(by, vec![at_most(Duration::from_millis(300), "echo 1; exec sleep 100")]);
    assert_eq!(report.step(0), (&End::Time, "1\n"));
}

#[rstest]
#[case::me(By::Me)]
#[case::user(By::User)]
fn a_submission_that_takes_too_much_memory_is_killed(#[case] by: By) {
    let bomb = "exec /usr/bin/python3 -c '
a = []
while True: a.append(bytearray(1 << 20))'";
    let steps = vec![Step::shell(bomb), Step::shell("echo alive")];
    let report =
        run_in(by, |spec| spec.memory_bytes = 100 << 20, Steps { run: steps, keep: false });
    assert_eq!(report.step(0).0, &End::Signal(9));
    assert_eq!(report.step(1).1, "alive\n");
    let bytes = report.after().exceeded_memory.unwrap();
    assert!((100 << 20..600 << 20).contains(&bytes), "{bytes}");
}

#[rstest]
#[case::me(By::Me)]
#[case::user(By::User)]
fn pages_that_processes_share_are_counted_once(#[case] by: By) {
    let eight = "exec /usr/bin/python3 -c '
import os, time
a = bytearray(40 << 20)
for i in range(8):
    if not os.fork(): time.sleep(0.3); os._exit(0)
for i in range(8): os.wait()'";
    let steps = Steps { run: vec![Step::shell(eight)], keep: false };
    let report = run_in(by, |spec| spec.memory_bytes = 150 << 20, steps);
    assert_eq!(report.step(0).0, &End::Exit(0), "{report:?}");
    assert_eq!(report.after().exceeded_memory, None);
}

#[rstest]
#[case::me(By::Me)]
#[case::user(By::User)]
fn the_number_of_processes_is_bounded_in_each_box(#[case] by: By) {
    let line = "n=0; while [ $n -lt 40 ]; do sleep 1 & n=$((n+1)); done 2>&1; wait";
    let few = Steps { run: vec![Step::shell(line)], keep: false };
    let report = run_in(by, |spec| spec.n_processes = 20, few.clone());
    assert!(report.step(0).1.contains("fork"), "{report:?}");
    let report = run_in(by, |spec| spec.n_processes = 60, few);
    assert_eq!(report.step(0), (&End::Exit(0), ""));
}

#[rstest]
#[case::me(By::Me)]
#[case::user(By::User)]
fn the_disk_is_bounded(#[case] by: By) {
    for folder in [".", "/tmp", "/dev/shm", "/home/student"] {
        // One file may have 128 MB.
        let line = format!("for i in 1 2 3; do dd if=/dev/zero of={folder}/big$i bs=1M; done 2>&1");
        let said = say(by, &format!("{line}; test $? = 1"));
        assert!(said.contains("No space left"), "{said}");
    }
    let many = "import os
try:
    for i in range(10**6): open(str(i), \"w\").close()
except OSError as e: print(e.strerror)";
    assert_eq!(say(by, &format!("/usr/bin/python3 -c '{many}'")), "No space left on device\n");
}

#[rstest]
#[case::me(By::Me)]
#[case::user(By::User)]
fn a_submission_that_does_not_fit_is_said(#[case] by: By) {
    let tree = submission(&[("big", &"x".repeat(300_000))]);
    let report = run_in(
        by,
        |spec| (spec.submission, spec.scratch_bytes) = (tree, 100_000),
        Steps::default(),
    );
    assert!(
        matches!(&report.result, Err(Failure::NoCopy(why)) if why.contains("space")),
        "{report:?}"
    );
}

#[rstest]
#[case::me(By::Me)]
#[case::user(By::User)]
fn endless_output_is_cut_in_the_middle(#[case] by: By) {
    let line = "echo begin; yes | head -c 20000000; echo end";
    let report = run_steps(by, vec![Step::shell(line)]);
    let done = &report.done[&0];
    assert!(done.output.starts_with("begin\n") && done.output.ends_with("end\n"), "{:?}", done.end);
    assert!(done.output.len() < 100_000 && done.n_left_out > 19_000_000, "{}", done.n_left_out);
    let endless = at_most(Duration::from_millis(500), "exec yes");
    assert_eq!(run_steps(by, vec![endless]).step(0).0, &End::Time);
}

#[rstest]
#[case::me(By::Me)]
#[case::user(By::User)]
fn a_box_leaves_terminals_for_others(#[case] by: By) {
    let all = "import os
try:
    while True: os.posix_openpt(os.O_RDWR | os.O_NOCTTY) if hasattr(os, \"posix_openpt\") else os.open(\"/dev/ptmx\", 2)
except OSError as e: print(e.strerror, len(os.listdir(\"/dev/pts\")) < 300)";
    let said = say(by, &format!("/usr/bin/python3 -c '{all}'"));
    assert_eq!(said, "No space left on device True\n");
}

#[test]
fn boxes_of_root_do_not_share_what_a_user_may_have() {
    // Each waits until the other has had the time to take as much.
    let program = "
import ctypes, time
rt = ctypes.CDLL(None)
def take(n): return rt.mq_open(b'/q%d' % n, 0o102, 0o600, (ctypes.c_long * 8)(0, 10, 8192)) >= 0
taken = [take(n) for n in range(6)]
time.sleep(0.5)
print(all(taken))
";
    let both = std::thread::scope(|scope| {
        let boxes = [(), ()].map(|()| {
            scope.spawn(|| {
                let tree = submission(&[("take.py", program)]);
                let run = vec![Step::shell("/usr/bin/python3 take.py")];
                run_in(By::Me, |spec| spec.submission = tree, Steps { run, keep: false })
            })
        });
        boxes.map(|running| running.join().unwrap())
    });
    let n_lucky = both.iter().filter(|report| report.step(0).1 == "True\n").count();
    // Both boxes of an ordinary user are that user's.
    assert!(n_lucky == 2 || n_lucky == 1 && !nix::unistd::geteuid().is_root(), "{both:?}");
}
