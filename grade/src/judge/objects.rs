//! Objects that outlive a process: System V objects, and what is in /dev/shm and /dev/mqueue.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use ipctop::clean::clean_bytes;

use crate::judge::emptied::empty;
use crate::sandbox::leftovers;

/// The kinds of System V objects, as /proc/sysvipc names them, and as ipcrm(1) does.
const SYSTEM_V: [(&str, &str); 3] = [("msg", "-q"), ("shm", "-m"), ("sem", "-s")];
/// A table shows a thousand at once; no limit of the kernel is so many thousands.
const ROUNDS: usize = 50;

/// An object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Object {
    /// Its kind, as /proc/sysvipc names it, its number and its key.
    SystemV(&'static str, i32, i32),
    /// In /dev/shm or /dev/mqueue.
    Named(PathBuf),
}

/// `msg 5 (key 0x4d2)`, `/dev/shm/x`.
impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Object::SystemV(kind, id, key) => write!(f, "{kind} {id} (key {key:#x})"),
            Object::Named(path) => f.write_str(&clean_bytes(path.as_os_str().as_bytes())),
        }
    }
}

/// Those of this user.
pub(crate) fn all() -> BTreeSet<Object> {
    let mut objects = BTreeSet::new();
    let own = nix::unistd::geteuid().as_raw();
    for (kind, _) in SYSTEM_V {
        // A kernel without them has none.
        let found = leftovers::system_v(kind).unwrap_or_default();
        let found = found.iter().filter(|object| object.maker == own);
        objects.extend(found.map(|object| Object::SystemV(kind, object.id, object.key)));
    }
    for folder in ["/dev/shm", "/dev/mqueue"] {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let is_own = |entry: &fs::DirEntry| entry.metadata().is_ok_and(|file| file.uid() == own);
        objects.extend(entries.filter(is_own).map(|entry| Object::Named(entry.path())));
    }
    objects
}

/// Removes all but these.
///
/// # Errors
/// Something stays.
pub(crate) fn remove(before: &BTreeSet<Object>) -> io::Result<()> {
    for _ in 0..ROUNDS {
        let objects = all();
        let left: Vec<&Object> = objects.difference(before).collect();
        if left.is_empty() {
            return Ok(());
        }
        let mut command = Command::new("ipcrm");
        for object in left {
            match object {
                Object::Named(path) => remove_named(path)?,
                Object::SystemV(kind, id, _) => {
                    let option = SYSTEM_V.iter().find(|(name, _)| name == kind);
                    command.args(option.map(|(_, option)| option)).arg(id.to_string());
                }
            }
        }
        if command.get_args().next().is_some() {
            // It fails if one is gone already; what stays is seen above.
            command.stdout(Stdio::null()).stderr(Stdio::null()).status()?;
        }
    }
    let left = all().difference(before).next().map(Object::to_string);
    Err(io::Error::other(format!("{} cannot be removed", left.unwrap_or_default())))
}

/// In /dev/shm there can be folders, too.
fn remove_named(path: &Path) -> io::Result<()> {
    if fs::symlink_metadata(path)?.is_dir() {
        empty(path)?;
        return fs::remove_dir(path);
    }
    fs::remove_file(path)
}
