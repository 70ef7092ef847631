//! Compilers and interpreters, which are this machine's: where one is missing, nobody loses points.

use std::env;
use std::ffi::OsString;
use std::path::Path;

use nix::unistd::{AccessFlags, access};

const TOOLS: [&str; 11] =
    ["make", "cc", "gcc", "c99", "g++", "c++", "clang", "cargo", "rustc", "python3", "python"];

/// A tool that a shell, make or cargo has not found, as its last words say, and that is not there.
pub fn missing(said: &str) -> Option<&'static str> {
    TOOLS.into_iter().find(|tool| is_named(said, tool) && !is_installed(tool))
}

/// Whether it is named as in `sh: 1: cc: not found` (in any language), or as cargo names a linker.
fn is_named(said: &str, tool: &str) -> bool {
    let in_line = |line: &str| line.split(' ').any(|word| word.strip_suffix(':') == Some(tool));
    said.lines().any(in_line) || said.contains(&format!("linker `{tool}` not found"))
}

/// Whether one of the folders of PATH has it; a program of a box finds the usual ones too.
fn is_installed(tool: &str) -> bool {
    let mut path = env::var_os("PATH").unwrap_or_default();
    path.push(OsString::from(":/usr/local/bin:/usr/bin:/bin"));
    env::split_paths(&path).any(|folder: std::path::PathBuf| is_program(&folder.join(tool)))
}

fn is_program(path: &Path) -> bool {
    path.is_file() && access(path, AccessFlags::X_OK).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_shell_of_make_and_of_cargo_name_a_tool() {
        assert!(is_named("sh: 1: cc: not found", "cc"));
        assert!(is_named("make: gcc: Aucun fichier ou dossier de ce type", "gcc"));
        assert!(is_named("error: linker `cc` not found", "cc"));
        assert!(!is_named("acc: not found\npython = 3;\ncc -o server server.c", "cc"));
    }

    #[test]
    fn a_tool_that_is_there_is_not_missing() {
        assert_eq!(missing("cc: error: server.c: No such file or directory"), None);
    }
}
