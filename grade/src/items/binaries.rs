//! What a compiler has made in a folder: programs, objects and archives.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// More files than this are looked at in no submission.
const FILES_MAX: usize = 5000;
/// How a program or object begins, and an archive of objects. See elf(5) and ar(5).
const MAGIC: [&[u8]; 2] = [b"\x7fELF", b"!<arch>\n"];

/// Those in a folder; what cargo has made is left out, as it knows by itself what is old.
pub fn all(folder: &Path) -> Vec<PathBuf> {
    files(folder).into_iter().filter(|path| is_binary(path).unwrap_or(false)).collect()
}

/// Whether one of these files has this text in it.
pub fn have(files: &[PathBuf], text: &str) -> bool {
    let has = |bytes: &Vec<u8>| bytes.windows(text.len()).any(|part| part == text.as_bytes());
    files.iter().filter_map(|path| fs::read(path).ok()).any(|bytes| has(&bytes))
}

/// Whether a folder has sources of C or C++.
pub fn has_c(folder: &Path) -> bool {
    let is_c = |path: &PathBuf| {
        let extension = path.extension().and_then(|extension| extension.to_str());
        extension.is_some_and(|extension| ["c", "cc", "cpp", "cxx", "C"].contains(&extension))
    };
    files(folder).iter().any(is_c)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(folder) = waiting.pop() {
        // A submission can take the right to read away from its own folders.
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let Ok(kind) = entry.file_type() else { continue };
            if files.len() >= FILES_MAX {
                return files;
            }
            if kind.is_dir() && entry.file_name() != "target" {
                waiting.push(entry.path());
            } else if kind.is_file() {
                files.push(entry.path());
            }
        }
    }
    files
}

fn is_binary(path: &Path) -> io::Result<bool> {
    let mut begin = [0; 8];
    let n = File::open(path)?.read(&mut begin)?;
    Ok(MAGIC.iter().any(|magic| begin[..n].starts_with(magic)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_told_from_a_source() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.c"), "int main").unwrap();
        fs::create_dir(folder.path().join("bin")).unwrap();
        let program = folder.path().join("bin/a");
        fs::write(&program, b"\x7fELF....__tsan_init").unwrap();
        assert_eq!(all(folder.path()), [program]);
        assert!(has_c(folder.path()) && !has_c(&folder.path().join("bin")));
        assert!(have(&all(folder.path()), "tsan") && !have(&all(folder.path()), "asan"));
    }
}
