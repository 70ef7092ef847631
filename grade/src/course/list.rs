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
    let has_any = |folder: &Path| assignment.names().any(|name| has(assignment, name, folder));
    let folder =
        folder.as_ref().map(|folder| if has_any(folder) { folder.clone() } else { inner(folder) });
    let has_folders = folder.as_ref().is_ok_and(|folder| has_any(folder));
    let is_alone = assignment.names().count() == 1;
    let answer = |question: &str| match &folder {
        Err(why) => Some(Err((*why).clone())),
        Ok(folder) if has_folders && !has(assignment, question, folder) => None,
        Ok(_) if !has_folders && !is_alone => {
            let names: Vec<String> =
                assignment.names().map(|name| folder_of(assignment, name)).collect();
            Some(Err(format!("there is no folder {} in it", names.join(", "))))
        }
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

/// Many students hand in one folder that holds everything. macOS packs a folder of its own beside it.
fn inner(folder: &Path) -> PathBuf {
    let is_seen = |entry: &fs::DirEntry| {
        let name = entry.file_name();
        name != "__MACOSX" && !name.as_bytes().starts_with(b".")
    };
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().filter(is_seen);
    let entries: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    match entries.as_slice() {
        [only] if only.is_dir() && !only.is_symlink() => only.clone(),
        _ => folder.to_owned(),
    }
}

/// Whether a student has a folder for a question; if it is the only one, it needs none.
fn has(assignment: &Assignment, question: &str, folder: &Path) -> bool {
    folder.join(folder_of(assignment, question)).is_dir()
}

fn folder_of(assignment: &Assignment, question: &str) -> String {
    let asked = assignment.question(question).ok();
    asked.and_then(|asked| asked.folder).unwrap_or_else(|| question.to_owned())
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

#[cfg(test)]
mod tests {
    use super::*;

    /// For each question: whether it is judged, not handed in, or cannot be judged.
    fn answers(files: &[&str], only: Option<&str>) -> String {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/assignment.toml");
        let text = fs::read_to_string(corpus).unwrap();
        let (head, questions) = text.split_once("\n[").unwrap();
        let is_kept = |part: &&str| only.is_none_or(|only| part.starts_with(only));
        let kept: Vec<&str> =
            [head].into_iter().chain(questions.split("\n[").filter(is_kept)).collect();
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("assignment.toml"), kept.join("\n[")).unwrap();
        let assignment = Assignment::read(&dir.path().join("assignment.toml")).unwrap();
        let folder = dir.path().join("alice");
        for file in files {
            fs::create_dir_all(folder.join(file).parent().unwrap()).unwrap();
            fs::write(folder.join(file), "").unwrap();
        }
        let student = Student { name: "alice".to_owned(), handed_in: folder.clone() };
        let letter = |entry: Entry| match entry.answer {
            Some(Ok(_)) => 'y',
            None => '-',
            Some(Err(_)) => '?',
        };
        entries(&assignment, &student, &Ok(folder)).into_iter().map(letter).collect()
    }

    #[test]
    fn a_folder_answers_its_question_and_no_other_one() {
        assert_eq!(answers(&["q5/server.c"], None), "-----y--");
        assert_eq!(answers(&["work/q1/server.c", "work/q5/server.c"], None), "-y---y--");
        assert_eq!(answers(&["work/q2/server.c", "__MACOSX/work/._q2"], None), "--y-----");
        assert_eq!(answers(&["server.c"], None), "????????");
        assert_eq!(answers(&["question1/server.c"], None), "????????");
        assert_eq!(answers(&["server.c"], Some("q2")), "y");
        assert_eq!(answers(&["work/server.c"], Some("q2")), "y");
    }
}
