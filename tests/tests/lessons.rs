//! The lessons: what changes from one stage to the next, kept in `docs/diffs` and compared here.
//!
//! `UPDATE=1 cargo test -p tests --test lessons` writes them anew.
#![expect(clippy::unwrap_used, reason = "a test's helpers may panic as the test itself")]

use std::collections::BTreeMap;
use std::env;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The steps whose plain servers differ by one idea.
const STEPS: [(&str, &str); 5] = [
    ("q1-pipes", "q2-msgqueue"),
    ("q2-msgqueue", "q3-threads"),
    ("q3-threads", "q4-thread-per-request"),
    ("q4-thread-per-request", "q5-sockets"),
    ("q5-sockets", "q9-events"),
];
/// New lines of code in a step at most: the last one has another loop.
const NEW_MAX: usize = 65;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The name of a step's files: `q1-q2`.
fn step_name((from, to): (&str, &str)) -> String {
    format!("{}-{}", &from[..2], &to[..2])
}

/// A source without imports, without its head, and without unit tests.
fn body(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
    let mut is_import = false;
    let mut body = String::new();
    for line in text.lines().take_while(|line| *line != "#[cfg(test)]") {
        is_import |= line.starts_with("use ");
        if !is_import && !line.starts_with("//!") {
            body += line;
            body.push('\n');
        }
        is_import &= !line.ends_with(';');
    }
    body.trim_start().to_owned()
}

/// What changes from one text to another, with the names under which a reader knows them.
fn diff(names: [&str; 2], texts: [&str; 2]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let paths = ["old", "new"].map(|name| folder.path().join(name));
    paths.iter().zip(texts).for_each(|(path, text)| fs::write(path, text).unwrap());
    let mut diff = Command::new("diff");
    diff.args(["-u", "-w", "-F", "^fn ", "--label", names[0], "--label", names[1]]).args(&paths);
    let output = diff.output().expect("diff is part of every Debian");
    assert!(output.status.code() <= Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Lines of code that a diff adds.
fn new_lines(diff: &str) -> usize {
    let added = diff.lines().filter(|line| line.starts_with('+') && !line.starts_with("+++"));
    added.map(|line| line[1..].trim()).filter(|c| !c.is_empty() && !c.starts_with("//")).count()
}

/// The functions of a source, by name, with their text.
fn functions(path: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let (mut name, mut text, mut indent) = (None, String::new(), 0);
    for line in body(path).lines() {
        let code = line.trim_start();
        let begins = ["fn ", "pub fn ", "pub(crate) fn "].iter().find_map(|p| code.strip_prefix(p));
        if let (None, Some(rest)) = (&name, begins) {
            name = Some(rest.split(['(', '<']).next().unwrap().to_owned());
            indent = line.len() - code.len();
        }
        if name.is_some() {
            text += line;
            text.push('\n');
        }
        let is_end = code == "}" && line.len() - code.len() == indent;
        if let Some(name) = name.take_if(|_| is_end) {
            found.insert(name, std::mem::take(&mut text));
        }
    }
    found
}

/// Whether a function belongs in a row.
type Wanted<'a> = &'a dyn Fn(&str) -> bool;

/// The real servers of a step, function by function.
fn by_function((from, to): (&str, &str)) -> String {
    let path = |stage: &str| root().join(stage).join("src/server.rs");
    let (old, new) = (functions(&path(from)), functions(&path(to)));
    let named = |wanted: Wanted<'_>| {
        let mut names: Vec<&str> = old.keys().chain(new.keys()).map(String::as_str).collect();
        names.sort_unstable();
        names.dedup();
        let names: Vec<String> =
            names.into_iter().filter(|name| wanted(name)).map(|name| format!("`{name}`")).collect();
        if names.is_empty() { "none".to_owned() } else { names.join(", ") }
    };
    let title = format!("{} to {}", &from[..2], &to[..2]);
    let mut text = format!("\n## {title}\n\n| in {to} | functions |\n|---|---|\n");
    let rows: [(&str, Wanted<'_>); 4] = [
        ("the same", &|name| old.contains_key(name) && old.get(name) == new.get(name)),
        ("changed", &|name| {
            old.contains_key(name) && new.contains_key(name) && old[name] != new[name]
        }),
        ("new", &|name| !old.contains_key(name)),
        ("gone", &|name| !new.contains_key(name)),
    ];
    for (title, wanted) in rows {
        writeln!(text, "| {title} | {} |", named(wanted)).unwrap();
    }
    text
}

/// Compares a kept file with what it should be, or writes it.
fn check(path: &Path, expected: &str) {
    if env::var_os("UPDATE").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, expected).unwrap();
    }
    let kept = fs::read_to_string(path).unwrap_or_default();
    assert!(kept == expected, "{} is old: run this with UPDATE=1", path.display());
}

#[test]
fn the_lesson_of_a_step_is_what_changes_between_its_plain_servers() {
    for step in STEPS {
        let file = |stage: &str| format!("{stage}/src/bin/plain.rs");
        let names = [file(step.0), file(step.1)];
        let texts = names.each_ref().map(|name| body(&root().join(name)));
        let lesson = diff([&names[0], &names[1]], [&texts[0], &texts[1]]);
        check(&root().join(format!("docs/diffs/{}.diff", step_name(step))), &lesson);
        let new = new_lines(&lesson);
        assert!((1..=NEW_MAX).contains(&new), "{}: {new} new lines of code", step_name(step));
    }
}

#[test]
fn the_page_of_the_real_servers_names_what_stays_changes_comes_and_goes() {
    let mut page =
        "# The real servers, function by function\n\nThe functions of `server.rs` in two \
                    neighbouring stages, compared by their text.\n`UPDATE=1 cargo test -p tests \
                    --test lessons` makes this page.\n"
            .to_owned();
    STEPS.iter().for_each(|step| page += &by_function(*step));
    check(&root().join("docs/diffs/servers.md"), &page);
}

#[test]
fn every_stage_links_the_lesson_that_leads_to_it() {
    for step in STEPS {
        let link = format!("../docs/diffs/{}.diff", step_name(step));
        let readme = fs::read_to_string(root().join(step.1).join("README.md")).unwrap();
        assert!(readme.contains(&link), "{}/README.md has no link to {link}", step.1);
    }
}

#[test]
fn the_folder_holds_the_lessons_and_nothing_else() {
    let mut expected = STEPS.map(|step| format!("{}.diff", step_name(step))).to_vec();
    expected.extend(["README.md".to_owned(), "servers.md".to_owned()]);
    let kept = fs::read_dir(root().join("docs/diffs")).unwrap();
    let kept = kept.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let stray: Vec<String> = kept.filter(|name| !expected.contains(name)).collect();
    assert!(stray.is_empty(), "no step has {stray:?}");
}

#[test]
fn only_code_counts_as_a_new_line() {
    let text = diff(["a", "b"], ["x\ny\n", "x\n    y\n\n// Why.\nfn z() {\n}\n"]);
    assert_eq!(new_lines(&text), 2);
}
