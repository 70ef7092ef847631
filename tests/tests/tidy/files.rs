//! What holds of every source file.

use std::fs;
use std::path::PathBuf;

use crate::house::{assert_none, files, name, place, root, sources};
use crate::source::{code, functions};

/// Lines of code in a source file at most; comments and unit tests are not counted.
const CODE_MAX: usize = 200;
/// Lines of code in a function at most.
const FUNCTION_MAX: usize = 60;
/// Longest file of C.
const C_MAX: usize = 280;
/// Longest line of C; rustfmt sees to those of Rust.
const WIDTH_MAX: usize = 100;
/// How far above an unsafe block its reason may begin.
const SAFETY_REACH: usize = 4;

#[test]
fn a_file_is_short_and_says_first_what_it_is() {
    let too_long = |(path, text): &(PathBuf, String)| {
        let lines = code(text).len();
        (lines > CODE_MAX).then(|| place(path, lines))
    };
    assert_none("over 200 lines of code", sources().iter().filter_map(too_long));
    let long_functions = |(path, text): &(PathBuf, String)| {
        let long = functions(text).into_iter().filter(|(_, lines)| *lines > FUNCTION_MAX);
        let named = long.map(|(function, lines)| format!("{}: {function}", place(path, lines)));
        named.collect::<Vec<String>>()
    };
    assert_none("functions over 60 lines", sources().iter().flat_map(long_functions));
    let c = ["c", "h"].into_iter().flat_map(|extension| files(&root(), extension));
    let in_c = c.map(|path| (path.clone(), fs::read_to_string(path).unwrap()));
    let too_wide = |(path, text): (PathBuf, String)| {
        let wide = text.lines().position(|line| line.len() > WIDTH_MAX);
        let lines = text.lines().count();
        let at = wide.map(|at| at + 1).or((lines > C_MAX).then_some(lines));
        at.map(|at| place(&path, at))
    };
    assert_none("longer than 280 lines or a line than 100", in_c.filter_map(too_wide));
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
            // Students of the corpus write as they like; these words stand in this test, too.
            let is_other = ["tests/tidy/", "grade/corpus/"]
                .iter()
                .any(|part| path.to_string_lossy().contains(part));
            if !is_unsafe || is_other {
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
fn a_test_is_a_sentence_that_runs_and_waits_for_conditions() {
    let mut broken = Vec::new();
    for (path, text) in sources() {
        let mut is_test = false;
        for (at, line) in text.lines().enumerate() {
            let code = line.trim_start();
            let banned = ["#[ignore", "#[should_panic", "thread::sleep("];
            let in_tests = path.components().filter(|part| part.as_os_str() == "tests").count() > 1;
            let sleeps = in_tests && code.contains(banned[2]);
            if !path.to_string_lossy().contains("tests/tidy/")
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
