//! A whole course: pages and marks, complete or absent, and where it was ended it goes on.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};
use std::time::Duration;

use harness::wait::until_true;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::program::{Course, grade};

#[test]
fn a_course_gets_an_overview_marks_and_a_page_a_student() {
    let course = Course::new();
    course.hand_in("bob <script>", "int main(void) { return missing; }\n");
    fs::create_dir(course.path("carol")).unwrap();
    fs::create_dir(course.path("carol/q9")).unwrap();
    fs::write(course.path("carol/readme"), "nothing").unwrap();
    let path = |name: &str| course.path(name).into_os_string().into_string().unwrap();
    let (all, out) = (path(""), path("out"));
    let first = grade(["class", &all, "--out", &out, "--jobs", "2", "--lang", "en"]);
    assert_eq!(first.status, 0, "{}", first.stderr);
    let marks = fs::read_to_string(course.path("out/marks.csv")).unwrap();
    let rows: Vec<&str> = marks.lines().collect();
    assert_eq!(rows[..3], ["student,q2,sum", "alice,0,0", "bob <script>,0,0"], "{marks}");
    let overview = fs::read_to_string(course.path("out/overview.html")).unwrap();
    assert!(overview.contains("bob &lt;script&gt;") && !overview.contains("<script"), "{overview}");
    let page = fs::read_to_string(course.path("out/alice.html")).unwrap();
    assert!(page.contains("missing") && page.contains("Can it be built?"), "{page}");

    // What is judged stays, unless it has changed since then.
    let report = course.path("out/reports/alice.q2.json");
    let judged = fs::read_to_string(&report).unwrap().replace("alice", "kept");
    fs::write(&report, judged).unwrap();
    grade(["class", &all, "--out", &out]);
    assert!(fs::read_to_string(&report).unwrap().contains("kept"));
    course.hand_in("alice", "int main(void) { return another; }\n");
    grade(["class", &all, "--out", &out]);
    assert!(fs::read_to_string(&report).unwrap().contains("another"));
}

#[test]
fn a_zip_file_is_a_student_and_a_broken_one_is_named() {
    let course = Course::new();
    let mut zip = ZipWriter::new(File::create(course.path("dora.zip")).unwrap());
    // As a student packs a folder: all of it stands in one.
    zip.start_file("work/q2/server.c", SimpleFileOptions::default()).unwrap();
    zip.write_all(b"int main(void) { return zipped; }\n").unwrap();
    zip.finish().unwrap();
    let path = |name: &str| course.path(name).into_os_string().into_string().unwrap();
    let ran = grade(["class", &path(""), "--out", &path("out"), "--lang", "en"]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let page = fs::read_to_string(course.path("out/dora.html")).unwrap();
    assert!(page.contains("zipped"), "{page}");
    assert_eq!(fs::read_dir(course.path("out/.unpacked")).ok().map(Iterator::count), None);

    // A broken one is its student's own trouble.
    fs::write(course.path("eve.zip"), "no archive").unwrap();
    let ran = grade(["class", &path(""), "--out", &path("out"), "--lang", "en"]);
    assert_eq!(ran.status, 3, "{}", ran.stderr);
    let page = fs::read_to_string(course.path("out/eve.html")).unwrap();
    assert!(page.contains("cannot unpack"), "{page}");
    let marks = fs::read_to_string(course.path("out/marks.csv")).unwrap();
    assert!(marks.contains("eve,?,?") && marks.contains("dora,0,0"), "{marks}");

    fs::create_dir(course.path("eve")).unwrap();
    let ran = grade(["class", &path(""), "--out", &path("out")]);
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("share a page"), "{}", ran.stderr);
}

#[test]
fn a_link_to_the_work_of_others_is_not_followed() {
    let course = Course::new();
    fs::create_dir(course.path("mallory")).unwrap();
    symlink(course.path("alice/q2"), course.path("mallory/q2")).unwrap();
    let ran = grade(["q2", course.path("mallory").to_str().unwrap()]);
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("a link out of the submission"), "{}", ran.stderr);
}

#[test]
fn marks_that_cannot_be_kept_stop_the_class_at_once() {
    let course = Course::new();
    for student in 0..5 {
        course.hand_in(format!("student-{student}"), "int main(void) { return missing; }\n");
    }
    fs::create_dir(course.path("out")).unwrap();
    // As a full disk would: the folder of the reports cannot be made.
    fs::write(course.path("out/reports"), "").unwrap();
    let path = |name: &str| course.path(name).into_os_string().into_string().unwrap();
    let ran = grade(["class", &path(""), "--out", &path("out")]);
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("cannot write"), "{}", ran.stderr);
    assert!(!course.path("out/overview.html").exists());
}

#[test]
fn ctrl_c_leaves_nothing_but_what_is_judged() {
    let course = Course::new();
    let endless = "#include <unistd.h>\nint main(void) { for (;;) pause(); }\n";
    for student in ["bob", "carol", "dora"] {
        course.hand_in(student, endless);
        fs::write(course.path(student).join("q2/client.c"), endless).unwrap();
    }
    let mut zip = ZipWriter::new(File::create(course.path("zoe.zip")).unwrap());
    zip.start_file("q2/server.c", SimpleFileOptions::default()).unwrap();
    zip.finish().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_grade"));
    command.arg("class").arg(course.path("")).arg("--out").arg(course.path("out"));
    harness::sys::tie_to_this_thread(&mut command);
    let mut class = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let kept = |student: &str| course.path(format!("out/reports/{student}.q2.json")).exists();
    until_true("the first is judged", Duration::from_secs(60), || kept("alice"));
    kill(Pid::from_raw(class.id() as i32), Signal::SIGINT).unwrap();
    let status = class.wait().unwrap();
    assert_eq!(status.code(), Some(130));
    assert!(!course.path("out/.unpacked").exists());
    assert!(!course.path("out/overview.html").exists() && !kept("dora"));
}
