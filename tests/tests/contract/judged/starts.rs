//! Servers that do not start, or do not say in the protocol's words that they are ready.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::thread;

use harness::effort::Effort;

use super::{Script, assert_passes, assert_told, check, said};

#[test]
fn a_program_that_cannot_be_started_is_told_why() {
    let base = tempfile::tempdir().unwrap();
    let script = Script::new("exec \"$RIGHT\" \"$@\"");
    fs::set_permissions(script.path(), Permissions::from_mode(0o644)).unwrap();
    let written = |name: &str, text: &str| -> PathBuf {
        fs::write(base.path().join(name), text).unwrap();
        fs::set_permissions(base.path().join(name), Permissions::from_mode(0o755)).unwrap();
        base.path().join(name)
    };
    for (program, words) in [
        (base.path().join("servr"), &["servr --dir DIR", "No such file or directory"][..]),
        (script.path(), &["Permission denied", "chmod +x"]),
        (base.path().to_owned(), &["Permission denied", "it is a folder"]),
        (written("lost", "#!/no/shell\n"), &["No such file or directory", "interpreter"]),
    ] {
        assert_told(check(&program, "1"), words);
    }
}

#[test]
fn a_server_that_does_not_get_ready_is_told_what_it_did_instead() {
    let late = |seconds| format!("sleep {seconds}; exec \"$RIGHT\" \"$@\"");
    let too_late = late("20");
    let rows: [(&str, &[&str]); 7] = [
        ("exec sleep 600", &["within 2 s", "nothing on stdout; it still ran after ", "fflush"]),
        ("echo Ready.; exec sleep 600", &[r#"7 bytes on stdout: "Ready.\n""#, "first word"]),
        ("printf ready; exec sleep 600", &["5 bytes on stdout", "print a newline"]),
        ("printf 'pr\\352t\\n'; exec sleep 600", &[r#""pr\xeat\n" (not UTF-8)"#]),
        ("echo no queue >&2; exit 1", &["ended with exit status: 1 after ", "no queue"]),
        ("exec true", &["nothing on stdout; it ended with exit status: 0"]),
        (&too_late, &["nothing on stdout; it still ran after ", "SPECTACLES_PATIENCE=3"]),
    ];
    let unflushed = "exec \"$WRONG\" --mistake ready-at-its-end \"$@\"";
    thread::scope(|scope| {
        for (body, words) in rows {
            scope.spawn(move || assert_told(check(&Script::new(body).path(), "0.2"), words));
        }
        let words = &["only when it was stopped", "fflush(stdout)"];
        scope.spawn(|| assert_told(check(&Script::new(unflushed).path(), "0.2"), words));
        // What is too late is a matter of patience.
        scope.spawn(|| assert_passes(check(&Script::new(&late("1.2")).path(), "1")));
    });
}

#[test]
fn a_server_may_print_what_it_likes_around_its_ready_line() {
    let rows = [
        "echo Welcome; printf 'Th\\351\\342tre\\n'; exec \"$RIGHT\" \"$@\"",
        "head -c 10M /dev/zero; echo; exec \"$RIGHT\" \"$@\"",
        "exec \"$WRONG\" --mistake talks \"$@\"",
    ];
    // The last one prints 200 MiB.
    let count = Effort::asked().of(2, rows.len(), rows.len());
    for body in &rows[..count] {
        assert_passes(check(&Script::new(body).path(), "3"));
    }
}

#[test]
fn nonsense_is_no_patience_and_no_variable() {
    let script = Script::new("exec \"$RIGHT\" \"$@\"");
    let (status, text) = said(&mut check(&script.path(), "much"));
    assert!(status == Some(1) && text.contains("\"much\": a factor for all time-outs"), "{text}");
    let (status, text) = said(check(&script.path(), "1").env("SPECTACLES_SERVR", script.path()));
    assert!(status == Some(1) && text.contains("SPECTACLES_SERVR is no variable"), "{text}");
}

#[test]
fn a_program_that_changes_while_it_is_judged_is_told_so() {
    let script = Script::new("echo '# another' >> \"$0\"; exec \"$RIGHT\" \"$@\"");
    let (status, text) = said(&mut check(&script.path(), "1"));
    let is_told = text.contains("server has changed while it was judged");
    assert!(status == Some(1) && is_told && text.contains("\nkept"), "{text}");
}
