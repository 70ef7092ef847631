//! Processes that mean harm, vanish, or may not be seen: never a panic, never a raw character.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use harness::effort::Effort;
use harness::stage::skip;
use ipctop::messages::{Language, Messages};
use ipctop::scope::{Scope, Target};
use ipctop::text;
use ipctop::watch::{self, Watcher};

use crate::program::Stuck;
use crate::screen::{drawn, lines, showing};

fn is_raw(c: char) -> bool {
    c.is_control() && c != '\n' || matches!(c, '\u{202a}'..='\u{202e}')
}

#[test]
fn names_and_messages_with_escape_sequences_are_harmless() {
    let (mut state, _) = showing("hostile-names", Language::English);
    let page = text::page(&state.look, &Messages::new(Language::English));
    assert!(page.contains("[2J") && !page.contains(is_raw), "{page:?}");
    let json = serde_json::to_string(&state.look).unwrap();
    assert!(!json.contains(is_raw) && !json.contains("\\u001b"), "{json:?}");
    for over in "p?".chars() {
        let event = crossterm::event::KeyEvent::from(crossterm::event::KeyCode::Char(over));
        ipctop::screen::keys::press(&mut state, &crossterm::event::Event::Key(event));
        let screen = lines(&drawn(&mut state, 120, 30)).join("\n");
        assert!(!screen.contains(is_raw), "{screen:?}");
    }
}

#[test]
fn processes_that_end_between_two_reads_are_left_out() {
    let _turn = crate::take_turn();
    let ends = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !ends.load(Ordering::Relaxed) {
                Command::new("true").stdin(Stdio::piped()).status().unwrap();
            }
        });
        let mut watcher = Watcher::new(Scope { with_memory: true, ..Scope::of(Target::All) });
        for _ in 0..Effort::asked().of(5, 20, 500) {
            watcher.look();
        }
        ends.store(true, Ordering::Relaxed);
    });
}

#[test]
fn a_fifo_whose_path_is_too_long_to_be_read_is_found() {
    let run = || {
        let stuck = Stuck::start("deep-path").unwrap();
        let look = watch::look(&Scope::of(Target::Pid(stuck.pid())));
        let kinds: Vec<&str> = look.findings.iter().map(|found| found.kind.as_str()).collect();
        assert_eq!(kinds, ["fifo-no-writer"], "{:#?}", look.processes);
    };
    thread::spawn(run).join().unwrap();
}

#[test]
fn twenty_thousand_threads_are_counted_and_not_all_listed() {
    if Effort::asked() != Effort::Night {
        return;
    }
    let run = || {
        let stuck = Stuck::start("many-threads").unwrap();
        let look = watch::look(&Scope::of(Target::Pid(stuck.pid())));
        let process = look.process(stuck.pid()).unwrap();
        assert!(process.n_threads > 10_000 && process.threads.len() == 500);
        assert!(
            look.notes.iter().any(|note| note.kind == "threads-not-listed"),
            "{:?}",
            look.notes
        );
    };
    thread::spawn(run).join().unwrap();
}

/// A run of the program by a shell that has changed its surroundings; None if it may not.
fn inside(script: &str) -> Option<Output> {
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let program = dir.path().join("ipctop");
    fs::copy(env!("CARGO_BIN_EXE_ipctop"), &program).unwrap();
    let mut command = Command::new("unshare");
    command.args(["--mount", "--ipc", "--pid", "--fork", "sh", "-ec", script]);
    command.current_dir("/").env("IPCTOP", program).stdin(Stdio::null());
    command.env("SITUATION", crate::program::path());
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    let is_denied = text.contains("Operation not permitted") || text.contains("must be superuser");
    (!is_denied).then_some(output)
}

#[test]
fn in_a_pid_namespace_and_with_hidepid_it_says_what_it_may_not_see() {
    let nobody = "setpriv --reuid 65534 --regid 65534 --clear-groups";
    let cases = [
        ("mount -t proc proc /proc; sleep 9 & exec $IPCTOP --once --all".to_owned(), "sleep S"),
        // Process 2 and its children are threads of the kernel outside only.
        (
            "(sleep 9; :) & mount -t proc proc /proc; until grep -q sleep /proc/[2-9]/comm; do :; done
            exec $IPCTOP --once --all"
                .to_owned(),
            "sleep S",
        ),
        ("exec $IPCTOP --once --all".to_owned(), ""),
        (
            format!(
                "mount -t proc -o hidepid=2 proc /proc; exec {nobody} sh -c 'sleep 9 & exec $IPCTOP --once'"
            ),
            "sleep S",
        ),
        (
            format!("mount -t proc proc /proc; sleep 9 & exec {nobody} $IPCTOP --once --all"),
            "NOT SEEN",
        ),
    ];
    for (script, said) in cases {
        let Some(output) = inside(&script) else {
            skip(
                "in_a_pid_namespace_and_with_hidepid_it_says_what_it_may_not_see",
                "CAP_SYS_ADMIN",
            );
            return;
        };
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && text.contains(said), "{script}: {output:?}");
    }
}

#[test]
fn a_posix_queue_that_nobody_has_open_is_left_over() {
    let script = "mount -t proc proc /proc; mount -t tmpfs none /dev; mkdir /dev/mqueue
        mount -t mqueue none /dev/mqueue; $SITUATION posix-queue-left-over /tmp; $IPCTOP --once";
    let Some(output) = inside(script) else {
        skip("a_posix_queue_that_nobody_has_open_is_left_over", "CAP_SYS_ADMIN");
        return;
    };
    let text = String::from_utf8_lossy(&output.stdout);
    let said =
        "POSIX queue /ipctop-left is left over: nobody in sight has it open. It holds one message.";
    assert!(text.contains(said) && text.contains("mqueue /ipctop-left 1 / 4 32 B"), "{output:?}");
}
