//! Compilers, sanitizers and debuggers work in a box.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use grade::sandbox::steps::{End, Step, Steps};
use rstest::rstest;

use crate::boxed::{By, background, folder, judge, run_in, run_steps, submission};

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

#[rstest]
#[case::me(By::Me)]
#[case::user(By::User)]
fn toolchains_of_a_home_are_seen_and_nothing_else_of_it(#[case] by: By) {
    let (given, home) = (folder(&[]), folder(&[(".netrc", "secret")]));
    let cargo = home.path().join(".cargo");
    let write = |path: &str, text: &str| {
        let path = cargo.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    };
    write("bin/tool", "#!/bin/sh\necho a tool\n");
    write("registry/crate", "");
    write("credentials.toml", "secret");
    for path in [given.path(), home.path()] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let (_programs, judge) = judge(by);
    let line =
        format!("tool; ls -A {} {} ~/.cargo/registry/", home.path().display(), cargo.display());
    let path = format!("{}:/usr/bin:/usr/sbin:/bin", cargo.join("bin").display());
    let output = Command::new(judge)
        .arg("box")
        .args([given.path().as_os_str(), line.as_ref()])
        .envs([("HOME", home.path().as_os_str()), ("PATH", path.as_ref())])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{output:?}");
    assert!(said.starts_with("a tool\n") && said.contains(":\nbin\nregistry\n"), "{said}");
    assert!(said.contains("/registry/:\ncrate\n"), "{said}");
    assert!(!said.contains("netrc") && !said.contains("credentials"), "{said}");
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
fn nobody_collects_the_judges_own_children_but_the_judge(#[case] by: By) {
    let report = run_steps(by, vec![Step { tool: true, ..Step::shell("exit 5") }; 200]);
    assert!((0..200).all(|step| *report.step(step).0 == End::Exit(5)), "{report:?}");
}

#[rstest]
#[case::me(By::Me)]
#[case::user(By::User)]
fn the_judge_traces_and_chooses_the_next_pid(#[case] by: By) {
    let tool = |line: &str| Step { tool: true, ..Step::shell(line) };
    let steps = vec![
        background("exec sleep 50"),
        tool(
            "until pid=$(pgrep -x sleep); do true; done
            timeout -s INT 1 strace -o /tmp/trace -p $pid; cat /tmp/trace",
        ),
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
