//! Paths as they are typed at a shell.

use std::fmt::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// The path as one word of a command: what a user copies from a message names the same file.
///
/// A path that begins with a hyphen gets `./` before it, so that no program takes it for an option.
/// Control characters and bytes that are no UTF-8 are written as `$'\\377'`, which bash, zsh and
/// POSIX of 2024 read. See bash(1).
pub fn quoted(path: &Path) -> String {
    let bytes = path.as_os_str().as_bytes();
    let start = if bytes.starts_with(b"-") { "./" } else { "" };
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-./:=@%+,".contains(byte);
    match str::from_utf8(bytes) {
        Ok(text) if text.chars().any(char::is_control) => {}
        Ok("") => return "''".into(),
        Ok(text) if bytes.iter().all(is_plain) => return format!("{start}{text}"),
        Ok(text) => return format!("'{start}{}'", text.replace('\'', "'\\''")),
        Err(_) => {}
    }
    let mut word = format!("$'{start}");
    for &byte in bytes {
        match byte {
            b'\'' | b'\\' => word.extend(['\\', byte.into()]),
            b' '..=b'~' => word.push(byte.into()),
            // To a String all can be written. Three digits: one that follows is not taken along.
            _ => drop(write!(word, "\\{byte:03o}")),
        }
    }
    word.push('\'');
    word
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsStr;
    use std::process::Command;

    #[test]
    fn the_shell_reads_back_what_was_quoted() {
        let paths: [&[u8]; 12] = [
            b"run",
            b"/tmp/a.b/c-d_e",
            b"a b/run",
            b"--weird",
            b"-",
            b"",
            b"it's",
            b"a\nb",
            b"\t'\\",
            b"not \xff8 utf",
            "d\u{e9}j\u{e0} $HOME".as_bytes(),
            b"`x`;*?[a]{b,c}~#!",
        ];
        for bytes in paths {
            let path = Path::new(OsStr::from_bytes(bytes));
            let script = format!("printf %s {}", quoted(path));
            let output = Command::new("bash").args(["-c", &script]).output().unwrap();
            let start: &[u8] = if bytes.starts_with(b"-") { b"./" } else { b"" };
            assert_eq!(output.stdout, [start, bytes].concat(), "{script}");
            assert_eq!(quoted(path).lines().count(), 1);
        }
        assert_eq!(quoted(Path::new("run")), "run");
    }
}
