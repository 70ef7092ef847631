//! Who has handed in what.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};

use crate::assignment::file::Assignment;
use crate::assignment::submission::Submission;

/// The answer of one student to one question.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The student, as the folder is named.
    pub student: String,
    /// The question.
    pub question: String,
    /// What was handed in; an error says why it cannot be judged, None that there is nothing.
    pub answer: Option<Result<Submission, String>>,
}

/// All answers, student by student, in the order of their names.
///
/// # Errors
/// If the folder cannot be read, or nobody is in it.
pub fn entries(
    assignment: &Assignment,
    course: &Path,
    students: &[(String, PathBuf)],
) -> anyhow::Result<Vec<Entry>> {
    ensure!(!students.is_empty(), "nobody has handed in anything in {}", course.display());
    let mut entries = Vec::new();
    for (student, folder) in students {
        let has_folders = assignment.names().any(|name| has(assignment, name, folder));
        for question in assignment.names() {
            let is_there = !has_folders || has(assignment, question, folder);
            let answer = is_there.then(|| {
                Submission::find(assignment, question, folder).map_err(|error| format!("{error:#}"))
            });
            entries.push(Entry { student: student.clone(), question: question.to_owned(), answer });
        }
    }
    Ok(entries)
}

/// Whether a student has a folder for a question; without any, the whole folder answers each.
fn has(assignment: &Assignment, question: &str, folder: &Path) -> bool {
    let asked = assignment.question(question).ok();
    let name = asked.and_then(|asked| asked.folder).unwrap_or_else(|| question.to_owned());
    folder.join(name).is_dir()
}

/// The students of a course: its folders and zip files, hidden ones and `out` left out.
///
/// # Errors
/// If the folder cannot be read.
pub fn students(course: &Path, out: &Path) -> anyhow::Result<Vec<(String, PathBuf)>> {
    let entries =
        fs::read_dir(course).with_context(|| format!("cannot read {}", course.display()))?;
    let out = out.canonicalize().ok();
    let mut students = Vec::new();
    for entry in entries {
        let path = entry.with_context(|| format!("cannot read {}", course.display()))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let is_zip = path.is_file() && name.to_lowercase().ends_with(".zip");
        let is_hidden = name.starts_with('.');
        if is_hidden || !(path.is_dir() || is_zip) || path.canonicalize().ok() == out {
            continue;
        }
        let name = if is_zip { name[..name.len() - 4].to_owned() } else { name };
        students.push((name, path));
    }
    students.sort();
    Ok(students)
}
