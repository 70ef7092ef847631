//! Writes an assignment file to begin with.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, bail};
use ipctop::messages::Language;
use tempfile::NamedTempFile;

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
    let path = course.join(NAME);
    let failed = || format!("cannot write {}", path.display());
    fs::create_dir_all(course).with_context(failed)?;
    let mut file = NamedTempFile::new_in(course).with_context(failed)?;
    file.write_all(text.as_bytes()).with_context(failed)?;
    let rights = fs::Permissions::from_mode(0o644);
    file.as_file().set_permissions(rights).with_context(failed)?;
    match file.persist_noclobber(&path) {
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
            bail!("{} is there already: it stays as it is", path.display())
        }
        kept => kept.map(drop).with_context(failed)?,
    }
    println!("{}", path.display());
    Ok(())
}
