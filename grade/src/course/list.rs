//! Who has handed in what.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use ipctop::clean::clean_bytes;

use crate::assignment::file::Assignment;
use crate::assignment::submission::Submission;
use crate::course::files;

/// Who has handed in something.
#[derive(Clone, Debug)]
pub struct Student {
    /// As the folder or the zip file is named.
    pub name: String,
    /// The folder or the zip file.
    pub handed_in: PathBuf,
}

/// The answer of one student to one question.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Whose it is.
    pub student: Student,
    /// The question.
    pub question: String,
    /// What was handed in; an error says why it cannot be judged, None that there is nothing.
    pub answer: Option<Result<Submission, String>>,
}

/// The answers of one student; an error says why the folder could not be opened.
pub fn entries(
    assignment: &Assignment,
    student: &Student,
    folder: &Result<PathBuf, String>,
) -> Vec<Entry> {
    let has_folders = |folder: &Path| assignment.names().any(|name| has(assignment, name, folder));
    let answer = |question: &str| match folder {
        Err(why) => Some(Err(why.clone())),
        Ok(folder) if has_folders(folder) && !has(assignment, question, folder) => None,
        Ok(folder) => {
            let found = Submission::find(assignment, question, folder);
            Some(found.map_err(|error| format!("{error:#}")))
        }
    };
    let entry = |question: &str| Entry {
        student: student.clone(),
        question: question.to_owned(),
        answer: answer(question),
    };
    assignment.names().map(entry).collect()
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
/// If the folder cannot be read, nobody is in it, or two students would share a page.
pub fn students(course: &Path, out: &Path) -> anyhow::Result<Vec<Student>> {
    let entries =
        fs::read_dir(course).with_context(|| format!("cannot read {}", course.display()))?;
    let out = out.canonicalize().ok();
    let mut students: Vec<Student> = Vec::new();
    for entry in entries {
        let path = entry.with_context(|| format!("cannot read {}", course.display()))?.path();
        let name = clean_bytes(path.file_name().unwrap_or_default().as_bytes());
        let is_zip = path.is_file() && name.to_lowercase().ends_with(".zip");
        let is_hidden = name.starts_with('.');
        if is_hidden || !(path.is_dir() || is_zip) || path.canonicalize().ok() == out {
            continue;
        }
        let name = if is_zip { name[..name.len() - 4].to_owned() } else { name };
        let page = files::file_name(&name);
        if let Some(other) = students.iter().find(|other| files::file_name(&other.name) == page) {
            let (one, two) = (other.handed_in.display(), path.display());
            bail!("{one} and {two} would share a page: rename one of them");
        }
        students.push(Student { name, handed_in: path });
    }
    ensure!(!students.is_empty(), "nobody has handed in anything in {}", course.display());
    students.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(students)
}
