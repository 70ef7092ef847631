//! Where the keys of System V objects come from: ftok(3) of a file, a fixed number, or no key at all.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::sandbox::leftovers::{self, SystemV};

/// The kinds of objects, as /proc/sysvipc names them.
const KINDS: [&str; 3] = ["msg", "shm", "sem"];
/// More files than this are looked at in no submission.
const FILES_MAX: usize = 2000;
/// Files that programs take for want of one of their own.
const USUAL: [&str; 3] = ["/tmp", "/etc/passwd", "/dev/null"];
/// What ftok keeps of a file: 8 bits of its device and 16 of its inode.
const FILE_BITS: i32 = 0x00ff_ffff;

/// Where a key comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// IPC_PRIVATE: whoever is to use the object must be told its number.
    Private,
    /// -1, which ftok returns if there is no such file; every program that failed so has this key.
    Failed,
    /// ftok of this file.
    File(PathBuf),
    /// No file in sight gives it: a number that was chosen.
    Fixed,
}

/// An object, and where its key comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keyed {
    /// `msg`, `shm` or `sem`.
    pub kind: &'static str,
    /// Its number.
    pub id: i32,
    /// Its key.
    pub key: i32,
    /// Where that comes from.
    pub origin: Origin,
}

/// The objects that are there now, by kind and number.
pub fn objects() -> BTreeMap<(&'static str, i32), i32> {
    // A kernel without them has none.
    let of = |kind| {
        leftovers::system_v(kind).unwrap_or_default().into_iter().map(move |object| (kind, object))
    };
    let entry = |(kind, object): (&'static str, SystemV)| ((kind, object.id), object.key);
    KINDS.into_iter().flat_map(of).map(entry).collect()
}

/// Those that are there now and were not before, with files looked for in a folder, and above it.
pub fn since(before: &BTreeMap<(&'static str, i32), i32>, folder: &Path) -> Vec<Keyed> {
    let new: Vec<_> =
        objects().into_iter().filter(|(object, _)| !before.contains_key(object)).collect();
    if new.is_empty() {
        return Vec::new();
    }
    let files = files(folder);
    new.into_iter()
        .map(|((kind, id), key)| Keyed { kind, id, key, origin: origin(key, &files) })
        .collect()
}

fn origin(key: i32, files: &BTreeMap<i32, PathBuf>) -> Origin {
    match key {
        0 => Origin::Private,
        -1 => Origin::Failed,
        // Without a project ftok(3) is not defined; most fixed keys are that small.
        _ if key & !FILE_BITS == 0 => Origin::Fixed,
        _ => files.get(&(key & FILE_BITS)).cloned().map_or(Origin::Fixed, Origin::File),
    }
}

/// Files by what ftok keeps of them.
fn files(folder: &Path) -> BTreeMap<i32, PathBuf> {
    let mut files = BTreeMap::new();
    let mut waiting: Vec<PathBuf> = folder.ancestors().skip(1).map(Path::to_owned).collect();
    waiting.extend(USUAL.map(PathBuf::from));
    for path in std::mem::take(&mut waiting) {
        add(&mut files, path);
    }
    waiting.push(folder.to_owned());
    while let Some(path) = waiting.pop().filter(|_| files.len() < FILES_MAX) {
        if path.is_dir() && !path.is_symlink() {
            let entries = fs::read_dir(&path).into_iter().flatten().flatten();
            waiting.extend(entries.map(|entry| entry.path()));
        }
        add(&mut files, path);
    }
    files
}

fn add(files: &mut BTreeMap<i32, PathBuf>, path: PathBuf) {
    if let Ok(file) = fs::metadata(&path) {
        let bits = (file.dev() & 0xff) << 16 | file.ino() & 0xffff;
        files.insert(bits as i32, path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_a_file_is_told_from_others() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("queue.key");
        fs::write(&path, "").unwrap();
        let files = files(folder.path());
        let low = *files.iter().find(|(_, found)| **found == path).unwrap().0;
        assert_eq!(origin(low | 0x5100_0000, &files), Origin::File(path));
        assert_eq!(origin(low, &files), Origin::Fixed);
        assert_eq!(origin(0, &files), Origin::Private);
        assert_eq!(origin(-1, &files), Origin::Failed);
    }
}
