//! What a test program does before its first test: it undoes what it has inherited, and refuses a name
//! that it does not know, since a misspelt one would have nothing judged.

use std::env::{self, current_exe};
use std::ffi::{OsStr, OsString};
use std::path::Path;

use common::program::signals::inherit_nothing;

use crate::say::say;
use crate::stage::ALL;
use crate::{sys, verdict, wait};

/// What these tests read from the environment.
const VARIABLES: [&str; 5] = [
    "SPECTACLES_EFFORT",
    "SPECTACLES_PATIENCE",
    "SPECTACLES_SEED",
    "SPECTACLES_SERVER",
    "SPECTACLES_WAIT_MAX",
];
/// Options of the test runner that take a word, which is no filter.
const WITH_WORD: [&str; 7] =
    ["--skip", "--test-threads", "--format", "--color", "--logfile", "--shuffle-seed", "-Z"];

sys::before_main!(begin);

extern "C" fn begin() {
    let program = current_exe().unwrap_or_default();
    let folder = program.parent().and_then(Path::file_name);
    // The programs that tests start begin with their own main.
    if folder != Some(OsStr::new("deps")) {
        return;
    }
    inherit_nothing();
    let words: Vec<OsString> = env::args_os().skip(1).collect();
    if let Err(mistake) = variables().and_then(|()| filters(&words)) {
        say(&mistake);
        sys::leave(verdict::FAILED);
    }
    if env::var_os("SPECTACLES_SERVER").is_some() && !words.iter().any(|word| word == "--list") {
        let name = program.file_name().unwrap_or_default().to_string_lossy();
        verdict::is_expected(name.starts_with("contract-"));
    }
}

/// Refuses variables that look like ours and are not, and a factor that is none.
///
/// # Errors
/// Names it.
pub fn variables() -> Result<(), String> {
    let names = env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned());
    known(names)?;
    wait::patience(env::var_os("SPECTACLES_PATIENCE").as_deref()).map(drop)
}

fn known(mut names: impl Iterator<Item = String>) -> Result<(), String> {
    let is_unknown = |name: &String| {
        name.to_uppercase().starts_with("SPECTACL") && !VARIABLES.contains(&name.as_str())
    };
    names.find(is_unknown).map_or(Ok(()), |name| {
        Err(format!("{name} is no variable of these tests; they know {}", VARIABLES.join(", ")))
    })
}

/// Refuses a filter that no test's name can contain.
fn filters(words: &[OsString]) -> Result<(), String> {
    let mut words = words.iter().map(|word| word.to_string_lossy());
    while let Some(word) = words.next() {
        if WITH_WORD.contains(&&*word) {
            words.next();
        } else if !word.starts_with('-') {
            filter(&word)?;
        }
    }
    Ok(())
}

fn filter(word: &str) -> Result<(), String> {
    let stages = ALL.map(|stage| stage.package().replace('-', "_"));
    let in_a_name = |letter: char| letter.is_ascii_alphanumeric() || "_:".contains(letter);
    let mut letters = word.chars();
    let is_numbered = letters.next() == Some('q') && letters.next().is_some_and(char::is_numeric);
    let is_stage = |stage: &String| word.starts_with(stage) || stage.starts_with(word);
    if word.chars().all(in_a_name) && (!is_numbered || stages.iter().any(is_stage)) {
        return Ok(());
    }
    let stages = stages.join(", ");
    Err(format!("no test has `{word}` in its name; the stages are {stages}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_that_no_test_can_have_is_refused() {
        let ask = |words: &[&str]| filters(&words.iter().map(OsString::from).collect::<Vec<_>>());
        for fine in [
            &["q2_msgqueue"][..],
            &["q2_"],
            &["q2"],
            &["q3_threads::a_seat"],
            &["plain_q2", "--skip", "a-b"],
            &["--exact", "crowd::a_seat_is_never_sold_twice::case_2_q2_msgqueue"],
            &["--test-threads", "1", "--nocapture"],
        ] {
            assert_eq!(ask(fine), Ok(()), "{fine:?}");
        }
        for wrong in [&["q2-msgqueue"][..], &["q2_msgqeue"], &["q0"], &["a seat"], &["-q", "q2.x"]]
        {
            let mistake = ask(wrong).expect_err(wrong[0]);
            assert!(mistake.contains("q1_pipes, q2_msgqueue"), "{mistake}");
        }
    }

    #[test]
    fn a_misspelt_variable_is_refused() {
        let ask = |name: &str| known([String::from("PATH"), name.into()].into_iter());
        assert_eq!(ask("SPECTACLES_SERVER"), Ok(()));
        for wrong in ["SPECTACLES_SERVR", "SPECTACLE_SERVER", "spectacles_server"] {
            let mistake = ask(wrong).expect_err(wrong);
            assert!(mistake.contains(wrong) && mistake.contains("SPECTACLES_SERVER"), "{mistake}");
        }
    }
}
