//! The catalogue program, as its user sees it.

use std::fs;
use std::path::Path;
use std::process::Command;

/// Runs the program; exit status, stdout, stderr.
fn catalogue(words: &[&Path]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_catalogue")).args(words).output();
    let output = output.expect("the program was built with this test");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn the_example_makes_a_data_file_that_is_shown_as_it_was_listed() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("spectacles.dat");
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/shows.example.toml");
    let made = catalogue(&[Path::new("create"), &example, &file]);
    assert_eq!(made, (Some(0), String::new(), String::new()));
    assert_eq!(fs::read(&file).unwrap().len(), 720);
    let (code, out, error) = catalogue(&[Path::new("show"), &file]);
    assert_eq!((code, error.as_str()), (Some(0), ""));
    let expected = "  1  La Flûte enchantée  22/01/2027         120\n  2  Œdipe roi           19/02/2027         100\n";
    assert!(out.ends_with(expected), "{out}");
}

#[test]
fn a_data_file_that_exists_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("spectacles.dat");
    fs::write(&file, "precious").unwrap();
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/shows.example.toml");
    let (code, _, error) = catalogue(&[Path::new("create"), &example, &file]);
    assert!(code == Some(2) && error.contains("exists"), "{error}");
    assert_eq!(fs::read(&file).unwrap(), b"precious");
    let (code, _, error) = catalogue(&[Path::new("show"), &file]);
    assert!(code == Some(2) && error.contains("8 bytes long"), "{error}");
}

#[test]
fn a_file_is_made_where_the_program_stands() {
    let dir = tempfile::tempdir().unwrap();
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/shows.example.toml");
    let mut catalogue = Command::new(env!("CARGO_BIN_EXE_catalogue"));
    catalogue.arg("create").arg(example).arg("spectacles.dat").current_dir(&dir);
    assert!(catalogue.status().unwrap().success());
    assert_eq!(fs::read(dir.path().join("spectacles.dat")).unwrap().len(), 720);
}

#[test]
fn a_list_has_64_kib_at_most() {
    let dir = tempfile::tempdir().unwrap();
    let (list, file) = (dir.path().join("shows.toml"), dir.path().join("spectacles.dat"));
    let mut text = "[[show]]\ntitle = 'Hamlet'\ndate = '01/02/2027'\nseats = 1\n#".to_owned();
    text.extend(std::iter::repeat_n('x', (64 << 10) + 1 - text.len()));
    fs::write(&list, &text).unwrap();
    let (code, _, error) = catalogue(&[Path::new("create"), &list, &file]);
    assert!(code == Some(2) && error.contains("is over 65536 bytes long"), "{error}");
    fs::write(&list, &text[1..].replacen("[show]]", "[[show]]", 1)[..64 << 10]).unwrap();
    assert_eq!(catalogue(&[Path::new("create"), &list, &file]).0, Some(0));
}

#[test]
fn a_mistake_in_the_list_is_named_by_its_line_and_makes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (list, file) = (dir.path().join("shows.toml"), dir.path().join("spectacles.dat"));
    fs::write(&list, "[[show]]\ntitle = 'Hamlet'\ndate = 'soon'\nseats = 1\n").unwrap();
    let (code, _, error) = catalogue(&[Path::new("create"), &list, &file]);
    assert!(code == Some(2) && error.contains("line 3"), "{error}");
    assert!(!file.exists());
}
