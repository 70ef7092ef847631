//! A whole course: pages and marks, complete or absent, and where it was ended it goes on.

use std::fs::{self, File};
use std::io::Write;

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
    fs::write(course.path("eve.zip"), "no archive").unwrap();
    let ran = grade(["class", &path(""), "--out", &path("out")]);
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("eve.zip"), "{}", ran.stderr);
}
