//! Writes an assignment file to begin with.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context, bail};
use ipctop::messages::Language;

use crate::assignment::file::NAME;

/// Writes COURSE/assignment.toml; one that is there stays.
///
/// # Errors
/// If it is there, or cannot be written.
pub fn run(course: &Path, language: Language) -> anyhow::Result<()> {
    let text = match language {
        Language::English => include_str!("../../templates/assignment.en.toml"),
        Language::French => include_str!("../../templates/assignment.fr.toml"),
    };
    fs::create_dir_all(course).with_context(|| format!("cannot make {}", course.display()))?;
    let path = course.join(NAME);
    let opened = OpenOptions::new().write(true).create_new(true).open(&path);
    let mut file = match opened {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            bail!("{} is there already: it stays as it is", path.display())
        }
        Err(error) => {
            return Err(error).with_context(|| format!("cannot write {}", path.display()));
        }
    };
    file.write_all(text.as_bytes()).with_context(|| format!("cannot write {}", path.display()))?;
    println!("{}", path.display());
    Ok(())
}
