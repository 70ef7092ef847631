//! Sabotage, as far as it can be checked without a build: every fault still applies to the sources,
//! and the test that should catch it is there.
//!
//! `tests/sabotage/run` builds the faults and has them caught. `UPDATE=1` writes the table of them in
//! `tests/sabotage/README.md` anew.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use harness::stage::skip;

/// A fault, as the first lines of its patch describe it.
struct Fault {
    path: PathBuf,
    text: String,
}

impl Fault {
    fn field(&self, name: &str) -> Option<&str> {
        self.text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    fn name(&self) -> String {
        self.path.file_name().unwrap().to_string_lossy().into_owned()
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// All faults, in the order of their numbers.
fn faults() -> Vec<Fault> {
    let entries = fs::read_dir(root().join("tests/sabotage")).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "patch"));
    paths.sort_by_key(|path| number(path));
    let fault = |path: PathBuf| Fault { text: fs::read_to_string(&path).unwrap(), path };
    paths.into_iter().map(fault).collect()
}

/// The number that a fault's name begins with.
fn number(path: &Path) -> usize {
    let name = path.file_name().unwrap().to_string_lossy();
    name.split('-').next().unwrap().parse().unwrap()
}

/// The sources in which a test may stand, from the words of `Caught by`: a package and the path of
/// a unit test, or a test program and the path of a test in it, which may be a check of the harness.
fn source(target: &str, test: &[&str]) -> String {
    let modules: PathBuf = test[..test.len() - 1].iter().filter(|part| **part != "tests").collect();
    let (unit, program) =
        (root().join(target).join("src"), root().join("tests/tests").join(target));
    let checks = root().join("tests/src/checks");
    let check = if target == "contract" { checks } else { checks.join(target) }.join(&modules);
    let in_files =
        [&check, &unit.join(&modules), &program.join(&modules), &program, &program.join("main")];
    let texts = in_files.map(|path| fs::read_to_string(path.with_extension("rs")));
    let text: String = texts.into_iter().flatten().collect();
    assert!(!text.is_empty(), "no source of {target} {test:?}");
    // A check's own folder holds what it shares with nobody, or is too long for one file.
    if modules.as_os_str().is_empty() { text } else { text + &sources(&check) }
}

#[test]
fn every_fault_still_applies_to_the_sources() {
    let name = "every_fault_still_applies_to_the_sources";
    let Ok(_) = Command::new("patch").arg("--version").output() else {
        return skip(name, "the command patch");
    };
    let faults = faults();
    assert!(faults.len() >= 30, "{} faults only", faults.len());
    for fault in faults {
        let mut patch = Command::new("patch");
        patch
            .args(["--dry-run", "-s", "-f", "-p1", "--fuzz=0", "-i"])
            .arg(&fault.path)
            .current_dir(root());
        let output = patch.output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{} does not apply any more: {said}", fault.name());
    }
}

#[test]
fn every_fault_names_what_is_wrong_and_a_test_that_is_there() {
    let mut numbers = Vec::new();
    for fault in faults() {
        let name = fault.name();
        numbers.push(number(&fault.path));
        assert!(fault.field("Fault").is_some_and(|text| text.len() > 10), "{name}: no Fault line");
        let (target, test) =
            fault.field("Caught by").and_then(|test| test.split_once(' ')).expect(&name);
        let path: Vec<&str> = test.split("::").filter(|part| !part.starts_with("case_")).collect();
        let text = source(target, &path);
        let function = format!("fn {}(", path.last().unwrap());
        assert!(text.contains(&function), "{name}: no {function}) for {target}");
        let program = fault.field("Program").map(|it| it.rsplit_once('-').expect(&name).0);
        assert!(program.is_none_or(|stage| root().join(stage).is_dir()), "{name}: {program:?}");
    }
    assert!(numbers.iter().copied().eq(1..=numbers.len()), "two of one number, or a gap");
}

#[test]
fn the_document_has_a_table_of_all_faults() {
    const BEGIN: &str = "<!-- UPDATE=1 cargo test -p tests --test proof sabotage -->\n";
    const END: &str = "<!-- Its end. -->\n";
    let row = |fault: &Fault| {
        let wrong = fault.field("Fault").unwrap();
        let (target, test) = fault.field("Caught by").unwrap().split_once(' ').unwrap();
        format!("| {} | {wrong} | `{target}` `{test}` |\n", fault.name().trim_end_matches(".patch"))
    };
    let rows: String = faults().iter().map(row).collect();
    let table = format!("\n| fault | what is wrong | caught by |\n|---|---|---|\n{rows}\n");
    let path = root().join("tests/sabotage/README.md");
    let text = fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(BEGIN).unwrap();
    let (kept, after) = rest.split_once(END).unwrap();
    if env::var_os("UPDATE").is_some() {
        fs::write(&path, [before, BEGIN, &table, END, after].concat()).unwrap();
        return;
    }
    assert!(kept == table, "{} is old: run this with UPDATE=1", path.display());
}

/// All Rust sources below a folder, as one text.
fn sources(folder: &Path) -> String {
    let entries = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    let text = |path: PathBuf| match path.extension() {
        _ if path.is_dir() => sources(&path),
        Some(extension) if extension == "rs" => fs::read_to_string(path).unwrap(),
        _ => String::new(),
    };
    entries.filter(|path| !path.ends_with("target")).map(text).collect()
}

#[test]
fn every_test_that_the_documents_name_is_there() {
    let sources = sources(root());
    let pages = ["docs/RELIABILITY.md", "docs/ARCHITECTURE.md", "tests/sabotage/README.md"];
    let text = pages.map(|page| fs::read_to_string(root().join(page)).unwrap()).concat();
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let tests: Vec<&str> =
        words.filter(|word| word.matches('_').count() >= 3 && !word.starts_with("case_")).collect();
    assert!(tests.len() > 50, "{tests:?}");
    let is_there = |test: &str| {
        // Some are in a module that is named like a test.
        [format!("fn {test}("), format!("mod {test};")].iter().any(|text| sources.contains(text))
    };
    let missing: Vec<&&str> = tests.iter().filter(|test| !is_there(test)).collect();
    assert!(missing.is_empty(), "there is no such test: {missing:?}");
}
