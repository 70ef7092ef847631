//! Servers that do not stop, or leave somebody or something behind.

use std::fs;
use std::process::Command;

use harness::machine::capability::{Capability, has};
use harness::stage::skip;

use super::{Script, assert_told, check, said};

/// Whether a process runs that has this among its words.
fn runs(word: &str) -> bool {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let words = processes.map(|it| fs::read(it.path().join("cmdline")).unwrap_or_default());
    words.into_iter().any(|words| words.split(|byte| *byte == 0).any(|it| it == word.as_bytes()))
}

#[test]
fn whoever_a_server_leaves_running_is_found_ended_and_named() {
    let rows: [(&str, &[&str]); 7] = [
        // The shell is the server, and does not pass SIGTERM on.
        (
            "setsid \"$RIGHT\" \"$@\" & setsid sleep TIME & wait",
            &["signal: 15", "sleep TIME", "--dir"],
        ),
        ("sleep TIME & exec \"$RIGHT\" \"$@\"", &["nothing that it leaves", "sleep TIME"]),
        (
            "setsid sleep TIME >/dev/null 2>&1 & exec \"$RIGHT\" \"$@\"",
            &["nothing that it leaves", "sleep TIME"],
        ),
        (
            "(sleep 0.5; \"$RIGHT\" \"$@\"; sleep TIME) &",
            &["it ended with exit status: 0", "left [", "--dir"],
        ),
        (
            "trap '' TERM; echo ready a b; sleep TIME; sleep TIME",
            &["sent:     SIGTERM", "its end within 1.2 s", "it runs"],
        ),
        // Nobody's child, in a session of its own: its environment tells.
        (
            "setsid sh -c 'sleep TIME >/dev/null 2>&1 &'; exec \"$RIGHT\" \"$@\"",
            &["nothing that it leaves", "sleep TIME"],
        ),
        // A child that nobody can tell by its session, environment or parent.
        (
            "env -i sh -c 'setsid sleep TIME >/dev/null 2>&1 &'; exec \"$RIGHT\" \"$@\"",
            &["left", "sleep TIME"],
        ),
    ];
    for (row, (body, words)) in rows.into_iter().enumerate() {
        let time = format!("{}.{}", 600 + row, std::process::id());
        let script = Script::new(&body.replace("TIME", &time));
        let words: Vec<String> = words.iter().map(|word| word.replace("TIME", &time)).collect();
        // Patience costs time only where SIGTERM is ignored.
        let patience = if body.starts_with("trap") { "0.3" } else { "1" };
        let (status, text) = said(&mut check(&script.path(), patience));
        assert_eq!(status, Some(1), "{body}: {text}");
        for word in words {
            assert!(text.contains(&word), "{body}: no {word} in:\n{text}");
        }
        assert!(!runs(&time), "{body}: it runs on");
    }
}

/// Runs a command in an IPC namespace of its own and without the right to make another; then what
/// queues are left there.
fn without_rights(command: &Command) -> Command {
    let mut shell = Command::new("unshare");
    let script = r#"setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin -- "$0" "$@"
        status=$?; ipcs -q; exit $status"#;
    shell.args(["-i", "sh", "-c", script]).arg(command.get_program()).args(command.get_args());
    shell.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell
}

#[test]
fn a_queue_left_behind_is_named_and_removed_where_it_is_known_whose_it_is() {
    let name = "a_queue_left_behind_is_named_and_removed_where_it_is_known_whose_it_is";
    if !has(&[Capability::SysAdmin]) {
        return skip(name, "CAP_SYS_ADMIN, to make an IPC namespace and to give it up");
    }
    let queue = " of key 0x00003039 (`ipcrm -q ";
    let nothing = "nothing that it leaves behind";
    let unknown = "whose it is cannot be told";
    let less = "looks less closely";
    for (mistake, own, shared) in [
        ("forgets-a-queue", &[queue, nothing][..], &[queue, less, unknown, "\n0x00003039 "][..]),
        ("forgets-a-queue-in-use", &[queue, nothing], &[queue, less, nothing]),
    ] {
        let script = Script::new(&format!("exec \"$WRONG\" --mistake {mistake} \"$@\""));
        let command = check(&script.path(), "0.3");
        let (_, text) = said(&mut without_rights(&command));
        assert_eq!(text.contains("\n0x00003039"), mistake == "forgets-a-queue", "{text}");
        assert_told(without_rights(&command), shared);
        assert_told(command, own);
    }
}
