//! The programs of a corpus, and what each must get.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail, ensure};
use serde::Deserialize;
use tempfile::TempDir;

use crate::items;

/// The file in which it is written what a program must get.
const EXPECTED: &str = "expected.toml";

/// What stands in it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    /// The program that this one is made from, and the change, if any.
    base: Option<PathBuf>,
    patch: Option<PathBuf>,
    /// What each item must get; an item that is not named depends on chance.
    items: BTreeMap<String, Expected>,
}

/// What an item must get.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Expected {
    /// Its points.
    Pass,
    /// No points, whatever the verdict is called.
    #[serde(alias = "timeout", alias = "crash")]
    Fail,
    /// No question: what it depends on is lost.
    Skipped,
}

impl Expected {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Expected::Pass => "pass",
            Expected::Fail => "fail",
            Expected::Skipped => "skipped",
        }
    }
}

/// What kind of program it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// It does what is asked.
    Right,
    /// It has one fault.
    Mutant,
    /// It says the right words, or does the right thing by the wrong mechanism.
    Impostor,
}

impl Kind {
    /// Its name in the matrix.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Right => "right",
            Kind::Mutant => "mutant",
            Kind::Impostor => "impostor",
        }
    }

    /// That of a folder, by the first word of its name.
    fn of(folder: &str) -> Option<Kind> {
        match folder.split_once('-')?.0 {
            "good" | "twin" | "variant" => Some(Kind::Right),
            "bad" | "mutant" => Some(Kind::Mutant),
            "impostor" => Some(Kind::Impostor),
            _ => None,
        }
    }
}

/// A program of the corpus.
#[derive(Clone, Debug)]
pub struct Program {
    /// `q2/bad-zero-seats`.
    pub name: String,
    /// `q2`.
    pub question: String,
    /// What kind it is.
    pub kind: Kind,
    /// What each item must get.
    pub items: BTreeMap<String, Expected>,
    source: PathBuf,
    patch: Option<PathBuf>,
}

impl Program {
    /// Its files, as a student hands them in.
    ///
    /// # Errors
    /// If they cannot be copied, or the patch does not fit.
    pub fn hand_in(&self) -> anyhow::Result<TempDir> {
        let dir = tempfile::tempdir().context("cannot make a temporary folder")?;
        let mut copy = Command::new("cp");
        copy.arg("-r").arg(self.source.join(".")).arg(dir.path());
        done(&mut copy).with_context(|| format!("cannot copy {}", self.source.display()))?;
        if let Some(patch) = &self.patch {
            let mut command = Command::new("patch");
            command.args(["-p1", "-s", "--fuzz=0", "-i"]).arg(patch).current_dir(dir.path());
            done(&mut command).with_context(|| format!("cannot apply {}", patch.display()))?;
        }
        Ok(dir)
    }
}

/// Runs a command, which says nothing unless it fails.
fn done(command: &mut Command) -> anyhow::Result<()> {
    let output = command.output()?;
    let said = [output.stdout, output.stderr].concat();
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&said).trim_end());
    Ok(())
}

/// All programs of a corpus, by name: `CORPUS/QUESTION/KIND-NAME/`.
///
/// # Errors
/// Says which folder or file is wrong.
pub fn read(corpus: &Path) -> anyhow::Result<Vec<Program>> {
    let mut programs = Vec::new();
    for question in folders(corpus)? {
        for folder in folders(&question)? {
            let program = read_one(&folder);
            programs.push(program.with_context(|| format!("cannot use {}", folder.display()))?);
        }
    }
    programs.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(programs)
}

fn read_one(folder: &Path) -> anyhow::Result<Program> {
    let text = fs::read_to_string(folder.join(EXPECTED))
        .with_context(|| format!("cannot read {EXPECTED}"))?;
    let written: Written = toml::from_str(&text).with_context(|| EXPECTED.to_owned())?;
    ensure!(written.base.is_some() || written.patch.is_none(), "a patch needs a base");
    for id in written.items.keys() {
        ensure!(items::find(id).is_some(), "there is no item `{id}`");
    }
    let (question, name) = (name(folder.parent().unwrap_or(folder)), name(folder));
    let Some(kind) = Kind::of(&name) else {
        bail!("a name begins with good-, twin-, variant-, bad-, mutant- or impostor-");
    };
    Ok(Program {
        name: format!("{question}/{name}"),
        question,
        kind,
        items: written.items,
        source: written.base.map_or(folder.to_owned(), |base| folder.join(base)),
        patch: written.patch.map(|patch| folder.join(patch)),
    })
}

fn name(folder: &Path) -> String {
    folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn folders(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let cannot = || format!("cannot read {}", folder.display());
    let mut folders = Vec::new();
    for entry in fs::read_dir(folder).with_context(cannot)? {
        let path = entry.with_context(cannot)?.path();
        if path.is_dir() {
            folders.push(path);
        }
    }
    Ok(folders)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A program of this name, of which nothing is written.
    pub(crate) fn program(name: &str) -> Program {
        Program {
            name: format!("q2/{name}"),
            question: "q2".to_owned(),
            kind: Kind::of(name).unwrap(),
            items: BTreeMap::new(),
            source: PathBuf::new(),
            patch: None,
        }
    }

    #[test]
    fn what_is_misspelt_is_named() {
        let corpus = tempfile::tempdir().unwrap();
        let error = |folder: &str, text: &str| {
            let folder = corpus.path().join("q2").join(folder);
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join(EXPECTED), text).unwrap();
            let error = format!("{:#}", read(corpus.path()).unwrap_err());
            fs::remove_dir_all(&folder).unwrap();
            error
        };
        assert!(error("good-a", "[items]\nbuild = 'pass'").contains("`build`"));
        assert!(error("good-a", "[items]\nbuilds = 'passed'").contains("passed"));
        assert!(error("good-a", "patch = 'x'\n[items]").contains("needs a base"));
        assert!(error("great-a", "[items]\nbuilds = 'pass'").contains("begins with"));
    }
}
