//! The stages' programs: built by one call of cargo, or found in a directory.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail, ensure};
use harness::stage::{ALL, Stage};
use serde_json::Value;

use crate::target::Target;

/// The stages that were asked for, with their servers.
///
/// # Errors
/// If there is no such stage, or cargo fails.
pub fn targets(names: &[String], programs: Option<&Path>) -> anyhow::Result<Vec<Target>> {
    let stages = choose(names)?;
    if stages.is_empty() {
        return Ok(Vec::new());
    }
    let built = match programs {
        Some(dir) => found(dir),
        None => build()?,
    };
    let target = |stage: Stage| {
        let name = format!("{}-server", stage.package());
        let program = built.get(&name).with_context(|| format!("there is no program {name}"))?;
        settle(program).with_context(|| format!("cannot sync {}", program.display()))?;
        Ok(Target::stage(stage, program.clone()))
    };
    stages.into_iter().map(target).collect()
}

/// A stage, and its server in each of two folders.
pub type Pair = (Stage, PathBuf, PathBuf);

/// The stages that were asked for, or all that both folders have, with both their servers.
///
/// # Errors
/// If a folder has no program, or not that of a stage that was asked for.
pub fn pairs(names: &[String], old: &Path, new: &Path) -> anyhow::Result<Vec<Pair>> {
    for dir in [old, new] {
        ensure!(
            found(dir).values().any(|program| program.is_file()),
            "{} has no program of a stage: it should be target/release of a tree, after \
             `cargo build --release`",
            dir.display()
        );
    }
    let mut pairs = Vec::new();
    for stage in choose(names)? {
        let name = format!("{}-server", stage.package());
        let programs = [old, new].map(|dir| dir.join(&name));
        let missing = programs.iter().find(|program| !program.is_file());
        match missing {
            Some(_) if names.is_empty() => continue,
            Some(program) => bail!("there is no program {}", program.display()),
            None => {}
        }
        for program in &programs {
            settle(program).with_context(|| format!("cannot sync {}", program.display()))?;
        }
        let [old, new] = programs;
        pairs.push((stage, old, new));
    }
    ensure!(!pairs.is_empty(), "the two folders have no stage in common");
    Ok(pairs)
}

/// All stages, or those with these names or numbers.
fn choose(names: &[String]) -> anyhow::Result<Vec<Stage>> {
    let number = |stage: Stage| stage.package().split('-').next().unwrap_or_default();
    for name in names.iter().filter(|name| *name != "none") {
        let known = ALL.iter().any(|&stage| name == number(stage) || name == stage.package());
        ensure!(known, "there is no stage {name}");
    }
    let is_wanted = |stage: &Stage| {
        let wanted = |name: &String| name == number(*stage) || name == stage.package();
        names.is_empty() || names.iter().any(wanted)
    };
    Ok(ALL.into_iter().filter(is_wanted).collect())
}

/// Puts a program on disk: pages that were just written count as Private_Dirty in the processes that
/// map them, a megabyte for each, until the kernel has cleaned them.
fn settle(program: &Path) -> io::Result<()> {
    File::open(program)?.sync_data()
}

fn found(dir: &Path) -> HashMap<String, PathBuf> {
    let name = |stage: Stage| format!("{}-server", stage.package());
    ALL.into_iter().map(|stage| (name(stage), dir.join(name(stage)))).collect()
}

/// One ordinary call of cargo, which says where it has put each program.
fn build() -> anyhow::Result<HashMap<String, PathBuf>> {
    let words = ["build", "--release", "--locked", "-p", "tests", "--bins"];
    eprintln!(
        "bench: building the servers that are measured, a second call of cargo, a few minutes the \
         first time:\nbench: cargo {}",
        words.join(" ")
    );
    let output = Command::new("cargo")
        .args(words)
        .args(["--message-format", "json-render-diagnostics"])
        .current_dir(harness::c::root())
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start cargo (or name the programs' directory by --programs)")?;
    if !output.status.success() {
        bail!("cargo has failed: {}", output.status);
    }
    let text = String::from_utf8(output.stdout).context("cargo writes UTF-8")?;
    let program = |line: &str| {
        let message: Value = serde_json::from_str(line).ok()?;
        let path = PathBuf::from(message["executable"].as_str()?);
        Some((message["target"]["name"].as_str()?.to_owned(), path))
    };
    Ok(text.lines().filter_map(program).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_is_chosen_by_its_number_or_its_name() {
        let chosen = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            choose(&names).map(|stages| stages.len())
        };
        assert_eq!(chosen(&[]).unwrap(), ALL.len());
        assert_eq!(chosen(&["q2", "q3-threads"]).unwrap(), 2);
        assert_eq!(chosen(&["none"]).unwrap(), 0);
        assert!(chosen(&["q99"]).unwrap_err().to_string().contains("q99"));
    }
}
