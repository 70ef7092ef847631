//! Puts a dialogue into a submission's own file, unless it has one.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context, bail};
use toml::Table;

use crate::assignment::submission::OWN_FILE;

/// Adds the lines of a dialogue to FOLDER/grade.toml; the file is complete or as it was.
///
/// # Errors
/// If it has a dialogue already, or cannot be read or written.
pub fn add(folder: &Path, question: &str, lines: &str) -> anyhow::Result<()> {
    let path = folder.join(OWN_FILE);
    let before = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    };
    let after = with_dialogue(&before, question, lines)
        .with_context(|| format!("cannot write {}", path.display()))?;
    let written = || -> io::Result<()> {
        let mut file = tempfile::Builder::new().prefix(".grade").tempfile_in(folder)?;
        file.write_all(after.as_bytes())?;
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(&path).map_or(0o644, |file| file.permissions().mode());
        file.as_file().set_permissions(fs::Permissions::from_mode(mode))?;
        file.persist(&path)?;
        Ok(())
    };
    written().with_context(|| format!("cannot write {}", path.display()))
}

/// Where the file has a table for this question, the dialogue belongs into that.
fn with_dialogue(before: &str, question: &str, lines: &str) -> anyhow::Result<String> {
    let table: Table = before.parse()?;
    let own = table.get(question).and_then(|own| own.as_table());
    if own.unwrap_or(&table).contains_key("dialogue") {
        bail!("it has a dialogue already: it stays as it is");
    }
    let head =
        if own.is_some() { format!("[{question}.dialogue]") } else { "[dialogue]".to_owned() };
    let blank = if before.is_empty() { "" } else { "\n" };
    let end = if before.is_empty() || before.ends_with('\n') { "" } else { "\n" };
    Ok(format!("{before}{end}{blank}{head}\n{lines}"))
}

#[cfg(test)]
mod tests {
    use super::{add, with_dialogue};

    #[test]
    fn a_dialogue_is_added_where_the_file_speaks_of_the_question() {
        let added = |before: &str| with_dialogue(before, "q2", "quit = \"0\\n\"\n").unwrap();
        assert_eq!(added(""), "[dialogue]\nquit = \"0\\n\"\n");
        assert_eq!(added("build = 'x'"), "build = 'x'\n\n[dialogue]\nquit = \"0\\n\"\n");
        assert!(added("[q2]\nbuild = 'x'\n").contains("\n[q2.dialogue]\n"));
    }

    #[test]
    fn a_dialogue_that_is_there_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("grade.toml");
        add(folder.path(), "q2", "quit = \"0\\n\"\n").unwrap();
        let before = std::fs::read_to_string(&path).unwrap();
        let error = add(folder.path(), "q2", "quit = \"9\\n\"\n").unwrap_err();
        assert!(format!("{error:#}").contains("has a dialogue already"));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), before);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
