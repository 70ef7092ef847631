//! What holds of every stage.

use std::fs;
use std::path::PathBuf;

use crate::house::{assert_none, files, name, place, stages};
use crate::source::code_but_imports;

/// Longest program of a stage.
const PROGRAM_MAX: usize = 40;
/// Lines of a plain server at most, and lines of code in it, imports not counted.
const PLAIN_MAX: (usize, usize) = (130, 85);
/// The same where the mechanism itself takes more.
const LONG_PLAIN: [&str; 1] = ["q7-tls"];
const LONG_PLAIN_MAX: (usize, usize) = (170, 120);
/// From this length on, two stages may not have the same file.
const EQUAL_MAX: usize = 30;

#[test]
fn every_stage_has_the_same_files() {
    for stage in stages() {
        for file in ["lib.rs", "server.rs", "bin/server.rs"] {
            assert!(stage.join("src").join(file).is_file(), "{} has no src/{file}", name(&stage));
        }
        // A stage without a client of its own says in its manifest whose client it uses.
        let manifest = fs::read_to_string(stage.join("Cargo.toml")).unwrap();
        let own = stage.join("src/client.rs").is_file();
        assert_eq!(own, stage.join("src/bin/client.rs").is_file(), "{}", name(&stage));
        assert_eq!(
            own,
            !manifest.contains("src/bin/client.rs\"") || !manifest.contains("path = \"../"),
            "{}",
            name(&stage)
        );
        assert!(
            manifest.contains("doc = false") && manifest.contains("test = false"),
            "{}",
            name(&stage)
        );
    }
}

#[test]
fn a_program_of_a_stage_only_opens_and_runs() {
    let programs = stages().into_iter().flat_map(|stage| files(&stage.join("src/bin"), "rs"));
    let too_long = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        let lines = text.lines().count();
        let is_long = match name(&path).as_str() {
            "plain.rs" => {
                let is_long = LONG_PLAIN.iter().any(|stage| path.to_string_lossy().contains(stage));
                let (most, code) = if is_long { LONG_PLAIN_MAX } else { PLAIN_MAX };
                lines > most || code_but_imports(&text).len() > code
            }
            _ => lines > PROGRAM_MAX,
        };
        is_long.then(|| place(&path, lines))
    };
    assert_none("longer than 40 lines, or 130 if plain", programs.filter_map(too_long));
}

#[test]
fn no_two_stages_have_the_same_file() {
    let mut equal = Vec::new();
    let all: Vec<(PathBuf, String)> = stages()
        .iter()
        .flat_map(|stage| files(&stage.join("src"), "rs"))
        .map(|path| (path.clone(), fs::read_to_string(path).unwrap()))
        .collect();
    for (at, (path, text)) in all.iter().enumerate() {
        for (other, same) in &all[at + 1..] {
            if text.lines().count() > EQUAL_MAX && text == same {
                equal.push(format!("{} and {}", place(path, 1), place(other, 1)));
            }
        }
    }
    assert_none("equal files: let one stage import it", equal);
}

#[test]
fn a_stages_readme_names_every_source_file() {
    let mut unnamed = Vec::new();
    for stage in stages() {
        let readme = fs::read_to_string(stage.join("README.md")).unwrap_or_default();
        assert!(!readme.is_empty(), "{} has no README.md", name(&stage));
        for file in files(&stage.join("src"), "rs") {
            let path = file.strip_prefix(&stage).unwrap().display().to_string();
            if !readme.contains(&path) {
                unnamed.push(format!("{}: {path}", name(&stage)));
            }
        }
    }
    assert_none("not in the reading order of its README", unnamed);
}
