//! Marks every submission of a course.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;

use anyhow::Context;
use common::program::signals::Signals;
use indicatif::{ProgressBar, ProgressStyle};
use ipctop::messages::Language;

use crate::assignment::file::Assignment;
use crate::course::list::{self, Entry};
use crate::course::marks::{self, Student};
use crate::course::unpacked::Unpacked;
use crate::course::{archive, files, pages, store};
use crate::items;
use crate::options::How;
use crate::run::{door, marking, one};
use crate::verdict::report::Report;
use crate::words::Words;

/// The grader could not judge something.
const NOT_JUDGED: u8 = 3;

/// Marks all, and writes the pages and tables.
///
/// What is judged already, and has not changed since then, stays as it is: a run that was ended, by
/// Ctrl-C too, goes on when it is started again. What was under way is judged anew.
///
/// # Errors
/// If the course cannot be read, or the marks cannot be written.
pub fn run(course: &Path, out: &Path, jobs: u32, how: &How) -> anyhow::Result<ExitCode> {
    let path = match &how.assignment {
        Some(path) => path.clone(),
        None => Assignment::nearest(course)?,
    };
    let assignment = Assignment::read(&path)?;
    let language = how.lang.unwrap_or_else(Language::of_environment);
    let words = Words::new(language);
    let students = list::students(course, out)?;
    let unpacked = Unpacked::new(out)?;
    unpacked.end_with(Signals::block(None).context("cannot hear signals")?);
    let mut entries = Vec::new();
    for student in &students {
        let folder = archive::folder(&student.handed_in, &unpacked.path);
        let folder = folder.map_err(|error| format!("{error:#}"));
        entries.extend(list::entries(&assignment, student, &folder));
    }
    let marking = Marking { how, out, assigned: &assignment, assignment: &path, language };
    let reports = marking.all(&entries, jobs)?;
    let students = students_of(&entries, reports);
    write(&students, out, &words)?;
    let is_incomplete = students.iter().any(Student::is_incomplete);
    Ok(if is_incomplete { ExitCode::from(NOT_JUDGED) } else { ExitCode::SUCCESS })
}

/// How all answers are marked.
struct Marking<'a> {
    how: &'a How,
    out: &'a Path,
    assigned: &'a Assignment,
    assignment: &'a Path,
    language: Language,
}

impl Marking<'_> {
    /// The report of each entry that has an answer, by its place.
    fn all(&self, entries: &[Entry], jobs: u32) -> anyhow::Result<BTreeMap<usize, Report>> {
        let answers = entries.iter().filter_map(|entry| entry.answer.as_ref()?.as_ref().ok());
        door::prepare(&answers.flat_map(|it| items::counted(&it.question)).collect::<Vec<_>>())?;
        let bar = ProgressBar::new(entries.len() as u64);
        let style = ProgressStyle::with_template("{pos}/{len} {wide_bar} {eta} {msg}");
        bar.set_style(style.context("cannot draw a progress bar")?);
        let (list, to_do) = crossbeam_channel::unbounded();
        for at in 0..entries.len() {
            list.send(at).context("cannot list what is to be done")?;
        }
        let (done, reports) = crossbeam_channel::unbounded();
        thread::scope(|scope| {
            for _ in 0..jobs {
                let (to_do, done, bar) = (&to_do, done.clone(), &bar);
                scope.spawn(move || {
                    let words = Words::new(self.language);
                    while let Ok(at) = to_do.try_recv() {
                        bar.set_message(entries[at].student.name.clone());
                        let report = self.one(&entries[at], &words);
                        if report.is_err() {
                            // The marks cannot be kept: what is left would be judged in vain.
                            while to_do.try_recv().is_ok() {}
                        }
                        done.send((at, report)).expect("all are received below");
                        bar.inc(1);
                    }
                });
            }
        });
        drop(done);
        bar.finish_and_clear();
        let mut all = BTreeMap::new();
        for (at, report) in reports {
            if let Some(report) = report? {
                all.insert(at, report);
            }
        }
        Ok(all)
    }

    fn one(&self, entry: &Entry, words: &Words) -> anyhow::Result<Option<Report>> {
        let name = &entry.student.name;
        let not_judged = |why: &str| {
            let items = items::counted(&self.assigned.question(&entry.question)?);
            Ok(Some(marking::not_judged(entry, &items, why, words)))
        };
        let submission = match &entry.answer {
            None => return Ok(None),
            Some(Err(why)) => return not_judged(why),
            Some(Ok(submission)) => submission,
        };
        let kept = store::path(self.out, name, &entry.question);
        let judged: [&Path; 2] = [&entry.student.handed_in, self.assignment];
        if let Some(report) = store::load(&kept, &judged) {
            return Ok(Some(report));
        }
        let items = items::counted(&submission.question);
        let job = one::job(self.how, submission, &items, self.language)?;
        let mut report = match marking::mark(submission, &entry.question, &job, words) {
            Ok(report) => report,
            Err(error) => return not_judged(&format!("{error:#}")),
        };
        report.submission = name.clone();
        store::save(&kept, &report)?;
        Ok(Some(report))
    }
}

fn students_of(entries: &[Entry], mut reports: BTreeMap<usize, Report>) -> Vec<Student> {
    let mut students: Vec<Student> = Vec::new();
    for (at, entry) in entries.iter().enumerate() {
        if students.last().is_none_or(|student| student.name != entry.student.name) {
            students.push(Student { name: entry.student.name.clone(), reports: Vec::new() });
        }
        let report = reports.remove(&at);
        if let Some(student) = students.last_mut() {
            student.reports.push((entry.question.clone(), report));
        }
    }
    students
}

fn write(students: &[Student], out: &Path, words: &Words) -> anyhow::Result<()> {
    for student in students {
        files::write(&out.join(pages::file(&student.name)), &pages::student(student, words))?;
    }
    let separator = if words.language() == Language::French { b';' } else { b',' };
    files::write(&out.join("marks.csv"), &marks::table(students, separator)?)?;
    let overview: PathBuf = out.join("overview.html");
    files::write(&overview, &pages::overview(students, words))?;
    println!("{}", overview.display());
    Ok(())
}
