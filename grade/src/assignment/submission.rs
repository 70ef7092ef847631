//! A submission: the folder of one student's answer to one question.

use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use ipctop::clean::clean_bytes;
use toml::Table;

use crate::assignment::file::Assignment;
use crate::assignment::question::Question;
use crate::sandbox::tree;

/// The file in which a submission says how it is built, started and spoken to.
pub const OWN_FILE: &str = "grade.toml";
/// More than this is no dialogue.
const OWN_MAX: u64 = 64 << 10;

/// A submission for one question.
#[derive(Clone, Debug)]
pub struct Submission {
    /// Its name in reports.
    pub name: String,
    /// Its files.
    pub folder: PathBuf,
    /// The question, as the submission may change it.
    pub question: Question,
    /// The same, as it was written.
    pub table: Table,
    /// The keys that it tried to change without leave.
    pub refused: Vec<String>,
}

impl Submission {
    /// The answer to a question in a student's folder: FOLDER/q2, or what the assignment names, or
    /// FOLDER itself.
    ///
    /// # Errors
    /// If the folder is not there or empty, or its own file cannot be understood.
    pub fn find(assignment: &Assignment, name: &str, folder: &Path) -> anyhow::Result<Submission> {
        let asked = assignment.question(name)?;
        let student = folder.canonicalize();
        let student = student.with_context(|| format!("cannot open {}", folder.display()))?;
        ensure!(
            student.is_dir(),
            "{} is no folder: `grade class` unpacks zip files",
            student.display()
        );
        let inner = student.join(asked.folder.as_deref().unwrap_or(name));
        let folder = if inner.is_dir() { own(&inner, &student)? } else { student.clone() };
        let is_empty = fs::read_dir(&folder)
            .with_context(|| format!("cannot open {}", folder.display()))?
            .next()
            .is_none();
        if is_empty {
            bail!("the folder {} is empty", folder.display());
        }
        let changes = changes(&folder, &student, name)?;
        let (table, question, refused) = assignment
            .question_of(name, &changes)
            .with_context(|| format!("cannot use {}", folder.join(OWN_FILE).display()))?;
        let label = student.file_name().unwrap_or(student.as_os_str());
        Ok(Submission { name: clean_bytes(label.as_bytes()), folder, question, table, refused })
    }
}

/// Where a path leads: a link that leads out of the student's folder shows the work of others.
fn own(path: &Path, student: &Path) -> anyhow::Result<PathBuf> {
    let real = path.canonicalize().with_context(|| format!("cannot open {}", path.display()))?;
    if !real.starts_with(student) {
        bail!("cannot use {}: it is a link out of the submission", path.display());
    }
    Ok(real)
}

/// What the submission's own file says of a question: its table, if it has one, else all of it.
fn changes(folder: &Path, student: &Path, name: &str) -> anyhow::Result<Table> {
    let path = folder.join(OWN_FILE);
    let read = match fs::symlink_metadata(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Table::new()),
        Ok(status) if status.is_symlink() => tree::content(&own(&path, student)?, OWN_MAX),
        _ => tree::content(&path, OWN_MAX),
    };
    let bytes = read.with_context(|| format!("cannot read {}", path.display()))?;
    if bytes.len() as u64 > OWN_MAX {
        bail!("cannot read {}: it has more than {OWN_MAX} bytes", path.display());
    }
    let text =
        String::from_utf8(bytes).with_context(|| format!("cannot read {}", path.display()))?;
    let table: Table = text.parse().with_context(|| format!("cannot read {}", path.display()))?;
    match table.get(name) {
        Some(toml::Value::Table(own)) => Ok(own.clone()),
        _ => Ok(table),
    }
}
