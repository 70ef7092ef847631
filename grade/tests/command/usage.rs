//! Wrong use is said in words, and is no verdict.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::process::Command;

use crate::program::{Course, grade, run};

/// Usage errors: nothing is printed but one line that holds these words.
fn refuses(words: &[OsString], said: &str) {
    let ran = grade(words);
    assert_eq!(ran.status, 2, "{words:?}: {}", ran.stderr);
    assert!(ran.stderr.contains(said), "{words:?}: {}", ran.stderr);
    assert_eq!(ran.stdout, "", "{words:?}");
}

fn words(words: &[&str]) -> Vec<OsString> {
    words.iter().map(OsString::from).collect()
}

#[test]
fn what_is_not_there_is_named() {
    let course = Course::new();
    let path = |name: &str| course.path(name).into_os_string().into_string().unwrap();
    let alice = path("alice");
    fs::create_dir(course.path("empty")).unwrap();
    let nowhere = tempfile::tempdir().unwrap();
    fs::create_dir(nowhere.path().join("bob")).unwrap();
    let bob = nowhere.path().join("bob").into_os_string().into_string().unwrap();
    for (asked, said) in [
        (vec!["q3", &alice], "no question `q3` in the assignment, but q2"),
        (vec!["clas", &alice], "no question `clas`"),
        (vec!["q2", &path("carol")], "cannot open"),
        (vec!["q2", &path("empty")], "is empty"),
        (vec!["q2"], "which submission?"),
        (vec!["q2", &alice, "--item", "mechanisme"], "no item `mechanisme`, but builds"),
        (vec!["q2", &alice, "--patience", "0"], "from 0.1 to 1000"),
        (vec!["q2", &alice, "--format", "xml"], "possible values"),
        (vec!["q2", &bob], "cannot find assignment.toml"),
        (vec!["class", &path("empty"), "--out", &path("out")], "nobody has handed in"),
    ] {
        refuses(&words(&asked), said);
    }
}

#[test]
fn a_wrong_assignment_is_named_with_its_question() {
    let course = Course::new();
    let text = fs::read_to_string(course.path("assignment.toml")).unwrap();
    for (wrong, said) in [
        (text.replace("(?<show>", "(?<show"), "[q2]"),
        (text.replace("mechanism = \"queue\"", "mechanism = \"quue\""), "quue"),
        (text.replace("client = [\"./client\"]", ""), "client"),
        ("q2 = [".to_owned(), "TOML"),
    ] {
        fs::write(course.path("assignment.toml"), wrong).unwrap();
        refuses(&words(&["q2", course.path("alice").to_str().unwrap()]), said);
    }
}

#[test]
fn a_name_may_have_blanks_quotes_and_any_bytes() {
    let course = Course::new();
    for name in [&b"Ana Mar\xc3\xada"[..], b"o'neil \"bob\"", b"caf\xe9", b"-rf", b"=1+1"] {
        let name = OsString::from_vec(name.to_vec());
        course.hand_in(&name, "int main(void) { return missing; }\n");
        let ran = grade([OsString::from("q2"), course.path(&name).into_os_string()]);
        assert_eq!(ran.status, 1, "{name:?}: {}", ran.stderr);
        assert!(ran.stdout.contains("missing"), "{name:?}: {}", ran.stdout);
    }
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let course = Course::new();
    let line = format!(
        "{} q2 '{}' | head -c 1; echo ${{PIPESTATUS[0]}}",
        env!("CARGO_BIN_EXE_grade"),
        course.path("alice").display()
    );
    let ran = run(Command::new("bash").arg("-c").arg(line));
    assert!(ran.stdout.ends_with("1\n") && ran.stderr.is_empty(), "{}{}", ran.stdout, ran.stderr);
}

#[test]
fn a_missing_compiler_is_no_lost_point() {
    let course = Course::new();
    let compiler = fs::canonicalize("/usr/bin/cc").unwrap();
    let hidden = format!(
        "mount --bind /dev/null '{}' && exec '{}' q2 '{}'",
        compiler.display(),
        env!("CARGO_BIN_EXE_grade"),
        course.path("alice").display()
    );
    let ran = run(Command::new("unshare").args(["-rm", "sh", "-c", &hidden]));
    assert_eq!(ran.status, 3, "{}", ran.stderr);
    assert!(ran.stdout.contains("cannot run cc: it is not installed"), "{}", ran.stdout);
    // `cc` is there, and its submission is wrong.
    assert_eq!(grade([OsString::from("q2"), course.path("alice").into_os_string()]).status, 1);
}

#[test]
fn a_full_disk_is_no_wrong_use_and_leaves_no_part_of_a_file() {
    let course = Course::new();
    let path = |name: &str| course.path(name).display().to_string();
    let (disk, all, grade) = (path("disk"), path(""), env!("CARGO_BIN_EXE_grade"));
    let lines = format!(
        "mkdir '{disk}' && mount -t tmpfs -o size=16k none '{disk}' && mkdir '{disk}/in'
         cat /dev/zero > '{disk}/full' 2> '{all}/dd'
         for asked in \"init '{disk}/in'\" \"class '{all}' --out '{disk}/out'\" \
             \"q2 '{all}/alice' > '{disk}/verdict'\"
         do eval '{grade}' $asked; echo $?; done; find '{disk}' -name '*toml' -o -name '*html'"
    );
    let ran = run(Command::new("unshare").args(["-rm", "sh", "-c", &lines]));
    assert_eq!(ran.stdout, "3\n3\n3\n", "{}", ran.stderr);
    assert_eq!(ran.stderr.matches("No space left on device").count(), 3, "{}", ran.stderr);
}

#[test]
fn a_folder_without_programs_is_not_built() {
    let course = Course::new();
    fs::create_dir_all(course.path("bob/q2")).unwrap();
    fs::write(course.path("bob/q2/rapport.txt"), "I did it.").unwrap();
    let ran = grade([OsString::from("q2"), course.path("bob").into_os_string()]);
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    assert!(ran.stdout.contains("nothing to build, and no ./server"), "{}", ran.stdout);
}

#[test]
fn init_writes_an_assignment_that_can_be_used_and_spares_one_that_is_there() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("course");
    for (language, said) in [("en_GB.UTF-8", "students_may"), ("fr_FR.UTF-8", "Un sujet")] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_grade"));
        command.arg("init").arg(&path).env("LC_ALL", language);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let file = path.join("assignment.toml");
        assert!(fs::read_to_string(&file).unwrap().contains(said));
        let assignment = grade::assignment::file::Assignment::read(&file).unwrap();
        assert_eq!(assignment.names().collect::<Vec<_>>(), ["q1", "q2", "q3", "q4", "q5"]);
        refuses(&words(&["init", path.to_str().unwrap()]), "is there already");
        fs::remove_file(file).unwrap();
    }
}
