//! Built with a sanitizer of the compiler, does it run the same dialogue without a report?

use std::ffi::OsString;
use std::fs;

use crate::items::binaries;
use crate::items::exercise;
use crate::items::rebuild::{self, Compilers};
use crate::judge::course::{Asked, Course};
use crate::judge::hearing;
use crate::verdict::item::{Ruling, Verdict};
use crate::words::{number, text};

/// A sanitizer.
struct Sanitizer {
    /// As its item is called.
    id: &'static str,
    flag: &'static str,
    /// What a program that was built with it has in it.
    mark: &'static str,
    /// The variable that it takes its options from, and those.
    variable: &'static str,
    options: &'static str,
    /// Whether the server is told to end, and not killed: what a handler of signals writes to is no table.
    is_told_to_end: bool,
    /// What each line has that begins a report, or is one.
    report: &'static str,
}

const ADDRESS: Sanitizer = Sanitizer {
    id: "asan",
    flag: "-fsanitize=address",
    mark: "__asan_",
    variable: "ASAN_OPTIONS",
    // What was not freed at the end is given back by the end.
    options: "detect_leaks=0",
    is_told_to_end: true,
    report: "ERROR: AddressSanitizer",
};

const UNDEFINED: Sanitizer = Sanitizer {
    id: "ubsan",
    flag: "-fsanitize=undefined",
    mark: "ubsan",
    variable: "UBSAN_OPTIONS",
    options: "print_stacktrace=0",
    is_told_to_end: true,
    report: "runtime error:",
};

const THREAD: Sanitizer = Sanitizer {
    id: "tsan",
    flag: "-fsanitize=thread",
    mark: "__tsan_",
    variable: "TSAN_OPTIONS",
    // Threads that nobody waits for, and handlers that print, are other faults than races.
    options: "report_thread_leaks=0:report_signal_unsafe=0",
    is_told_to_end: false,
    report: "WARNING: ThreadSanitizer: data race",
};

/// The lines of one report that are shown.
const LINES: usize = 12;

pub(super) fn address(course: &Course<'_>) -> Asked<Ruling> {
    ask(course, &ADDRESS)
}

pub(super) fn undefined(course: &Course<'_>) -> Asked<Ruling> {
    ask(course, &UNDEFINED)
}

/// A table without a lock is seen even if no two clients meet: the sanitizer knows the order that locks
/// make. It does not know that of System V semaphores.
pub(super) fn thread(course: &Course<'_>) -> Asked<Ruling> {
    course.refresh()?;
    let programs = binaries::all(&course.home);
    if !["pthread_create", "thrd_create"].iter().any(|call| binaries::have(&programs, call)) {
        return course.cannot("look for data races", &"no program of it makes threads");
    }
    if binaries::have(&programs, "semop") {
        return course.cannot("look for data races", &"ThreadSanitizer does not know semop(2)");
    }
    ask(course, &THREAD)
}

fn ask(course: &Course<'_>, sanitizer: &Sanitizer) -> Asked<Ruling> {
    let what = format!("use {}", sanitizer.flag);
    if !binaries::has_c(&course.home) {
        return course.cannot(&what, &"nothing of it is C or C++");
    }
    let compilers = Compilers::new(course, &format!("{} -g", sanitizer.flag))?;
    try_out(course, &compilers, &what)?;
    compilers.build(course)?;
    if !binaries::have(&binaries::all(&course.home), sanitizer.mark) {
        return course.cannot(&what, &"its build does not take the compiler from PATH");
    }
    let log = compilers.path("report");
    let options = format!("log_path={}:{}", log.display(), sanitizer.options);
    let launcher = course.launcher.with(vec![(sanitizer.variable.into(), OsString::from(options))]);
    let ran = exercise::all(&rebuild::as_it_is(course, &launcher)?, sanitizer.is_told_to_end);
    let reports = reports(&compilers, sanitizer);
    if reports.is_empty() {
        return match ran {
            Ok(line) => Ok(Ruling::pass(vec![sanitizer.flag.to_owned(), line])),
            // What is slow so is no fault.
            Err(lost) if matches!(lost.verdict, Verdict::Timeout | Verdict::NotJudged) => {
                course.cannot(&what, &lost.cause)
            }
            Err(mut lost) => {
                let values = [("flag", text(sanitizer.flag)), ("cause", text(lost.cause))];
                lost.cause = course.words.say_with("fault-only-sanitized", &values);
                Err(lost)
            }
        };
    }
    let n = reports.iter().filter(|line| line.contains(sanitizer.report)).count();
    let fault = format!("fault-{}", sanitizer.id);
    let fault = course.words.fault(Verdict::Fail, &fault, &[("count", number(n as i64))]);
    Err(Box::new(fault.with_lines(reports)))
}

/// Whether the compiler has it, and a program that was built so runs here.
fn try_out(course: &Course<'_>, compilers: &Compilers, what: &str) -> Asked<()> {
    let command = "echo 'int main(void) { return 0; }' >try.c && cc -o try try.c && ./try";
    let cwd = compilers.path("");
    let ran = compilers.run(course, &cwd, command)?;
    match ran.is_success {
        true => Ok(()),
        false => course.cannot(what, &ran.lines.join("\n")),
    }
}

/// The begin of each report, with the paths of the copy cut off.
fn reports(compilers: &Compilers, sanitizer: &Sanitizer) -> Vec<String> {
    let mut lines = Vec::new();
    let entries = fs::read_dir(compilers.path("")).into_iter().flatten().flatten();
    let is_report = |name: &str| name.starts_with("report.");
    let mut files: Vec<_> = entries
        .filter(|entry| entry.file_name().to_str().is_some_and(is_report))
        .map(|entry| entry.path())
        .collect();
    files.sort();
    for file in files {
        let said = fs::read(file).unwrap_or_default();
        let said = hearing::visible(&String::from_utf8_lossy(&said));
        let first = said.iter().position(|line| line.contains(sanitizer.report));
        let Some(first) = first else { continue };
        lines.extend(said[first..].iter().take(LINES).cloned());
    }
    lines
}
