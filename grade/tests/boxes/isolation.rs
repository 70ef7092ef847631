//! What a submission cannot see and change.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::process::Command;

use grade::sandbox::steps::{End, Step, Steps};
use grade::sandbox::tree::Tree;
use rstest::rstest;

use crate::boxed::{By, folder, judge, run_in, run_steps, say, submission};

#[rstest]
#[case::me(By::Me)]
#[case::user(By::User)]
fn it_is_an_ordinary_user_without_capabilities(#[case] by: By) {
    assert_eq!(say(by, "id -u; id -g; hostname"), "1000\n1000\nbox\n");
    let status = say(by, "grep -E '^(CapEff|CapPrm|NoNewPrivs)' /proc/self/status");
    assert_eq!(status, "CapPrm:\t0000000000000000\nCapEff:\t0000000000000000\nNoNewPrivs:\t1\n");
    for kind in ["-r", "-rm", "-rn", "-n", "-i"] {
        assert_ne!(say(by, &format!("unshare {kind} true 2>&1; echo $?")), "0\n", "{kind}");
    }
}

#[rstest]
#[case::me(By::Me)]
#[case::user(By::User)]
fn it_sees_its_own_processes_only(#[case] by: By) {
    let seen = say(by, "ls /proc | grep '^[0-9]'");
    // The judge, the shell, ls and grep.
    assert!(seen.lines().count() <= 4, "{seen}");
}

#[rstest]
#[case::me(By::Me)]
#[case::user(By::User)]
fn it_has_nothing_of_the_judge_open(#[case] by: By) {
    assert_eq!(say(by, "ls /proc/self/fd | wc -l; ls -l /proc/1/fd 2>/dev/null | wc -l"), "4\n0\n");
}

#[rstest]
#[case::me(By::Me)]
#[case::user(By::User)]
fn it_sees_no_files_of_the_machine_but_the_system(#[case] by: By) {
    let secret = folder(&[("secret", "secret")]);
    fs::set_permissions(secret.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let path = secret.path().join("secret");
    let seen = say(by, &format!("cat {} 2>&1; echo $?; ls /tmp /home", path.display()));
    assert!(
        seen.contains("No such file") && seen.ends_with("1\n/home:\nstudent\n\n/tmp:\n"),
        "{seen}"
    );
    let top = say(by, "ls /");
    let known = [
        "bin", "dev", "etc", "home", "lib", "lib32", "lib64", "libx32", "nix", "opt", "proc",
        "root", "run", "sbin", "tmp", "usr", "var",
    ];
    assert!(top.lines().all(|name| known.contains(&name)), "{top}");
}

#[rstest]
#[case::me(By::Me)]
#[case::user(By::User)]
fn it_cannot_write_outside_of_its_folders(#[case] by: By) {
    for path in ["/x", "/usr/x", "/etc/x", "/dev/x", "/home/x", "/var/x", "/proc/sys/kernel/shmall"]
    {
        let line = format!("(echo 1 > {path}) 2>/dev/null; test $? != 0");
        say(by, &line);
    }
    for path in ["/tmp/x", "/dev/shm/x", "/home/student/x", "x", "/dev/null"] {
        say(by, &format!("echo 1 > {path}"));
    }
    // Not only because the files are another user's.
    for line in say(by, "grep ^/ /proc/mounts").lines() {
        assert!(line.contains(" ro,nosuid,"), "{line}");
    }
    let remount = "mount -o remount,rw / 2>/dev/null; test $? != 0";
    say(by, remount);
}

#[rstest]
#[case::me(By::Me)]
#[case::user(By::User)]
fn its_folder_is_a_copy_in_which_links_lead_nowhere_outside(#[case] by: By) {
    let secret = folder(&[("secret", "secret")]);
    let given = folder(&[("file", "text"), ("private", "mine")]);
    fs::set_permissions(given.path().join("private"), fs::Permissions::from_mode(0o600)).unwrap();
    symlink(secret.path().join("secret"), given.path().join("link")).unwrap();
    let tree = Tree::read(given.path(), 100).unwrap();
    let line = "cat file private; echo more >> file; cat link 2>/dev/null || echo none; ls -l link | cut -c1";
    let steps = Steps { run: vec![Step::shell(line)], keep: true };
    let report = run_in(by, |spec| spec.submission = tree, steps);
    assert_eq!(report.step(0).1, "textminenone\nl\n");
    assert_eq!(fs::read_to_string(given.path().join("file")).unwrap(), "text");

    // What the first box left is what the second one begins with.
    let kept = report.result.unwrap().unwrap();
    let steps = Steps { run: vec![Step::shell("cat file")], keep: false };
    let report = run_in(by, |spec| spec.submission = kept, steps);
    assert_eq!(report.step(0).1, "textmore\n");
}

#[rstest]
#[case::me(By::Me)]
#[case::user(By::User)]
fn two_boxes_have_one_key_and_one_port_each(#[case] by: By) {
    // Each waits until the other has had the time to take both.
    let program = "
import ctypes, socket, time
libc = ctypes.CDLL(None)
queue = libc.msgget(1234, 0o1000 | 0o2000 | 0o600)
server = socket.socket(); server.bind(('0.0.0.0', 5000)); server.listen()
time.sleep(0.5)
print(queue >= 0)
";
    let both = std::thread::scope(|scope| {
        let boxes = [(), ()].map(|()| {
            scope.spawn(|| {
                let tree = submission(&[("both.py", program)]);
                let steps =
                    vec![Step::shell("/usr/bin/python3 both.py; ipcs -q | grep -c 0x000004d2")];
                run_in(by, |spec| spec.submission = tree, Steps { run: steps, keep: false })
            })
        });
        boxes.map(|running| running.join().unwrap())
    });
    for report in both {
        assert_eq!(report.step(0), (&End::Exit(0), "True\n1\n"));
        assert_eq!(report.left().queues.len(), 1);
    }
    let machine = fs::read_to_string("/proc/sysvipc/msg").unwrap();
    assert!(!machine.lines().any(|line| line.trim_start().starts_with("1234 ")), "{machine}");
}

#[rstest]
#[case::me(By::Me)]
#[case::user(By::User)]
fn what_it_leaves_is_listed(#[case] by: By) {
    let line =
        "ipcmk -Q; ipcmk -M 100; ipcmk -S 3; echo 1 > /dev/shm/sem.mine; mkfifo pipe /tmp/pipe;
        /usr/bin/python3 -c 'import os,time
if os.fork(): time.sleep(100)
' & until grep -q '^State:.Z' /proc/[0-9]*/status; do sleep 0.01; done";
    let report = run_steps(by, vec![Step::shell(line)]);
    assert_eq!(report.left().queues.len(), 1);
    let left = report.left();
    assert_eq!(left.segments[0].size, 100);
    assert_eq!(left.semaphores[0].size, 3);
    assert_eq!(left.posix_shared, ["sem.mine"]);
    assert_eq!(
        left.special_files,
        ["/home/student/submission/pipe", "/tmp/pipe"].map(PathBuf::from)
    );
    let states: String = left.processes.iter().map(|process| process.state).collect();
    assert_eq!(states, "SZ", "a sleeper, and its child that nobody waits for");
    let clean = run_steps(by, vec![Step::shell("true")]);
    assert!(clean.left().is_empty(), "{clean:?}");
}

/// nohup(1) and a shell's background job ignore some, which would be inherited.
#[test]
fn signals_that_the_judge_was_started_to_ignore_are_not_ignored_inside() {
    let given = folder(&[]);
    let (_programs, judge) = judge(By::Me);
    let inside = "grep SigIgn /proc/self/status";
    let (judge, given) = (judge.display(), given.path().display());
    let line = format!("trap '' HUP INT QUIT; exec {judge} box {given} '{inside}'");
    let output = Command::new("sh").args(["-c", &line]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let ignored = u64::from_str_radix(said.trim_start_matches("SigIgn:").trim(), 16).unwrap();
    // Those from 32 on are the C library's own.
    assert_eq!(ignored & 0x7fff_ffff, 0, "{said}");
}
