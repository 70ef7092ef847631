//! The house's own rules, as far as a program can check them.
#![expect(clippy::unwrap_used, reason = "a test's helpers may panic as the test itself")]

use std::fs;
use std::path::{Path, PathBuf};

/// Longest source file, its tests included.
const LINES_MAX: usize = 250;
/// Longest line of C; rustfmt sees to those of Rust.
const WIDTH_MAX: usize = 100;
/// Longest program of a stage.
const PROGRAM_MAX: usize = 40;
/// From this length on, two stages may not have the same file.
const EQUAL_MAX: usize = 30;
/// How far above an unsafe block its reason may begin.
const SAFETY_REACH: usize = 4;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The workspace's crates, by folder.
fn crates() -> Vec<PathBuf> {
    let folders = fs::read_dir(root()).unwrap().map(|entry| entry.unwrap().path());
    let mut crates: Vec<_> = folders.filter(|path| path.join("Cargo.toml").is_file()).collect();
    crates.sort();
    crates
}

/// The crates that have a server.
fn stages() -> Vec<PathBuf> {
    crates()
        .into_iter()
        .filter(|path| path.join("src/server.rs").is_file() && name(path).starts_with('q'))
        .collect()
}

/// All files with this extension below a folder.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut found = Vec::new();
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.is_dir() && name(&path) != "target" {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn sources() -> Vec<(PathBuf, String)> {
    let paths = crates().into_iter().flat_map(|path| files(&path, "rs"));
    paths.map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

/// Fails with every place that breaks a rule.
fn assert_none(rule: &str, places: impl IntoIterator<Item = String>) {
    let places: Vec<String> = places.into_iter().collect();
    assert!(places.is_empty(), "{rule}:\n{}", places.join("\n"));
}

fn place(path: &Path, line: usize) -> String {
    format!("{}:{line}", path.strip_prefix(root()).unwrap().display())
}

#[test]
fn a_file_is_short_and_says_first_what_it_is() {
    let too_long = |(path, text): &(PathBuf, String)| {
        let lines = text.lines().count();
        (lines > LINES_MAX).then(|| place(path, lines))
    };
    let c = ["c", "h"].into_iter().flat_map(|extension| files(&root(), extension));
    let in_c = c.map(|path| (path.clone(), fs::read_to_string(path).unwrap()));
    let too_wide = |(path, text): (PathBuf, String)| {
        let line = text.lines().position(|line| line.len() > WIDTH_MAX);
        line.map(|at| place(&path, at + 1)).or_else(|| too_long(&(path, text)))
    };
    assert_none("longer than 250 lines", sources().iter().filter_map(too_long));
    assert_none("longer than 250 lines or a line than 100", in_c.filter_map(too_wide));
    let silent =
        |(path, text): &(PathBuf, String)| (!text.starts_with("//! ")).then(|| place(path, 1));
    assert_none("no sentence in the first line", sources().iter().filter_map(silent));
    let vague = |(path, _): &(PathBuf, String)| {
        ["util.rs", "utils.rs", "helpers.rs", "misc.rs"]
            .contains(&name(path).as_str())
            .then(|| place(path, 1))
    };
    assert_none("a name that says nothing", sources().iter().filter_map(vague));
}

#[test]
fn a_program_of_a_stage_only_opens_and_runs() {
    let programs = stages().into_iter().flat_map(|stage| files(&stage.join("src/bin"), "rs"));
    let too_long = |path: PathBuf| {
        let lines = fs::read_to_string(&path).unwrap().lines().count();
        (lines > PROGRAM_MAX).then(|| place(&path, lines))
    };
    assert_none("longer than 40 lines", programs.filter_map(too_long));
}

#[test]
fn unsafe_stands_in_sys_rs_with_its_reason() {
    let mut elsewhere = Vec::new();
    let mut unexplained = Vec::new();
    for (path, text) in sources() {
        let lines: Vec<&str> = text.lines().collect();
        for (at, line) in lines.iter().enumerate() {
            let code = line.split("//").next().unwrap();
            let is_unsafe = ["unsafe {", "unsafe fn", "unsafe impl", "unsafe extern"]
                .iter()
                .any(|word| code.contains(word));
            if !is_unsafe || name(&path) == "tidy.rs" {
                continue;
            }
            if name(&path) != "sys.rs" {
                elsewhere.push(place(&path, at + 1));
            }
            if !lines[at.saturating_sub(SAFETY_REACH)..at]
                .iter()
                .any(|line| line.contains("SAFETY"))
            {
                unexplained.push(place(&path, at + 1));
            }
        }
    }
    assert_none("unsafe outside sys.rs", elsewhere);
    assert_none("unsafe without SAFETY", unexplained);
}

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

#[test]
fn a_test_is_a_sentence_that_runs_and_waits_for_conditions() {
    let mut broken = Vec::new();
    for (path, text) in sources() {
        let mut is_test = false;
        for (at, line) in text.lines().enumerate() {
            let code = line.trim_start();
            let banned = ["#[ignore", "#[should_panic", "thread::sleep("];
            let in_tests = path.components().filter(|part| part.as_os_str() == "tests").count() > 1;
            let sleeps = in_tests && code.contains(banned[2]);
            if name(&path) != "tidy.rs"
                && (code.starts_with(banned[0]) || code.starts_with(banned[1]) || sleeps)
            {
                broken.push(place(&path, at + 1));
            }
            is_test |= code.starts_with("#[test]") || code.starts_with("#[apply(");
            if let Some(function) = code.strip_prefix("fn ").filter(|_| is_test) {
                is_test = false;
                let words = function.split(['(', '<']).next().unwrap().split('_').count();
                if words < 4 {
                    broken.push(place(&path, at + 1));
                }
            }
        }
    }
    assert_none("ignored, panicking, sleeping, or no sentence", broken);
}

#[test]
fn nothing_is_exported_twice() {
    let twice = |(path, text): &(PathBuf, String)| {
        text.lines()
            .position(|line| line.trim_start().starts_with("pub use "))
            .map(|at| place(path, at + 1))
    };
    assert_none("a re-export", sources().iter().filter_map(twice));
}
