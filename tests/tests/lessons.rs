//! The lessons: what changes from one stage to the next, kept in `docs/diffs` and compared here.
//!
//! `UPDATE=1 cargo test -p tests --test lessons` writes them anew.
#![expect(clippy::unwrap_used, reason = "a test's helpers may panic as the test itself")]

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The files in which a reader compares two stages, in reading order.
const FILES: [&str; 4] = ["server.rs", "channel.rs", "client.rs", "connection.rs"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The stages in the order of the course, as far as they are there.
fn stages() -> Vec<String> {
    let names = fs::read_dir(root()).unwrap().map(|entry| entry.unwrap().file_name());
    let mut stages: Vec<String> = names
        .map(|name| name.into_string().unwrap())
        .filter(|name| name.starts_with('q') && root().join(name).join("src/server.rs").is_file())
        .collect();
    stages.sort();
    stages
}

/// What changes in the files that both stages have.
fn lesson(from: &str, to: &str) -> String {
    let path = |stage: &str, file: &str| format!("{stage}/src/{file}");
    let in_both =
        |file: &&&str| [from, to].iter().all(|stage| root().join(path(stage, file)).is_file());
    let mut text = String::new();
    for file in FILES.iter().filter(in_both) {
        let (old, new) = (path(from, file), path(to, file));
        let mut diff = Command::new("diff");
        diff.args(["-u", "--label", &old, "--label", &new, &old, &new]).current_dir(root());
        let output = diff.output().expect("diff is part of every Debian");
        assert!(output.status.code() <= Some(1), "{}", String::from_utf8_lossy(&output.stderr));
        text += &String::from_utf8(output.stdout).unwrap();
    }
    text
}

#[test]
fn the_kept_lessons_are_what_changes_from_stage_to_stage() {
    let folder = root().join("docs/diffs");
    let mut expected = Vec::new();
    for pair in stages().windows(2) {
        let file = folder.join(format!("{}-{}.diff", &pair[0][..2], &pair[1][..2]));
        let lesson = lesson(&pair[0], &pair[1]);
        if env::var_os("UPDATE").is_some() {
            fs::create_dir_all(&folder).unwrap();
            fs::write(&file, &lesson).unwrap();
        }
        let kept = fs::read_to_string(&file).unwrap_or_default();
        assert!(kept == lesson, "{} is old: run this with UPDATE=1", file.display());
        expected.push(file.file_name().unwrap().to_owned());
    }
    let kept = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    // The page that introduces them stands beside them.
    let stray: Vec<_> =
        kept.filter(|name| name != "README.md" && !expected.contains(name)).collect();
    assert!(stray.is_empty(), "no stages for {stray:?}");
}

#[test]
fn every_stage_links_the_lesson_that_leads_to_it() {
    for pair in stages().windows(2) {
        let link = format!("../docs/diffs/{}-{}.diff", &pair[0][..2], &pair[1][..2]);
        let readme = fs::read_to_string(root().join(&pair[1]).join("README.md")).unwrap();
        assert!(readme.contains(&link), "{}/README.md has no link to {link}", pair[1]);
    }
}
