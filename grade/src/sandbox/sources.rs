//! Which files of the machine a box shows, read-only: the system, toolchains, and six devices.

use std::env;
use std::ffi::{CString, OsStr, OsString};
use std::fs;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::sys;

/// What every machine's programs need.
const SYSTEM: [&str; 10] =
    ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc", "/opt", "/nix"];
/// Toolchains in a home, below it. Not ~/.cargo itself: it may hold the key to a registry.
const TOOLCHAINS: [&str; 4] = [".rustup", ".cargo/bin", CRATES, ".pyenv"];
const CRATES: &str = ".cargo/registry";
const DEVICES: [&str; 6] =
    ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"];

/// What will be seen.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    /// Each with the path where it stands, outside and inside.
    pub(crate) folders: Vec<(PathBuf, OwnedFd)>,
    pub(crate) devices: Vec<(PathBuf, OwnedFd)>,
    /// Links, and what they point to.
    pub(crate) links: Vec<(PathBuf, PathBuf)>,
    /// The home that the toolchains are in.
    home: Option<PathBuf>,
}

impl Sources {
    /// Opens them. As root it needs CAP_SYS_ADMIN, else a namespace in which it has it.
    ///
    /// # Errors
    /// Says which tree cannot be opened; a missing one is none of them.
    pub(crate) fn open() -> Result<Sources> {
        let mut sources = Sources { home: home(), ..Sources::default() };
        for path in SYSTEM {
            sources.add(Path::new(path)).with_context(|| format!("cannot open {path}"))?;
        }
        let home = sources.home.clone();
        let toolchains = home.iter().flat_map(|home| TOOLCHAINS.map(|name| home.join(name)));
        let path = env::var_os("PATH").unwrap_or_default();
        for folder in toolchains.chain(env::split_paths(&path)) {
            // Without it the box has one compiler less, and is a box.
            let _ = sources.add(&folder);
        }
        for path in DEVICES {
            let tree = open(Path::new(path), libc::MOUNT_ATTR_NOEXEC)
                .with_context(|| format!("cannot open {path}"))?;
            sources.devices.push((PathBuf::from(path), tree));
        }
        Ok(sources)
    }

    fn add(&mut self, path: &Path) -> io::Result<()> {
        let is_seen = self.is_seen(path);
        let status = match fs::symlink_metadata(path) {
            Ok(status) if path.is_absolute() && !is_seen => status,
            Ok(_) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        if status.is_symlink() {
            self.links.push((path.to_owned(), fs::read_link(path)?));
        } else if status.is_dir() {
            let tree = open(path, libc::MOUNT_ATTR_NODEV)?;
            self.folders.push((path.to_owned(), tree));
        }
        Ok(())
    }

    /// The crates that cargo has already, if it has.
    pub(crate) fn crates(&self) -> Option<PathBuf> {
        let crates = self.home.as_ref()?.join(CRATES);
        self.is_seen(&crates).then_some(crates)
    }

    fn is_seen(&self, path: &Path) -> bool {
        self.folders.iter().any(|(folder, _)| path.starts_with(folder))
            || self.links.iter().any(|(link, _)| path.starts_with(link))
    }

    /// The environment that finds these programs.
    pub(crate) fn environment(&self) -> Vec<(OsString, OsString)> {
        let path = env::var_os("PATH").unwrap_or_default();
        let mut folders: Vec<PathBuf> =
            env::split_paths(&path).filter(|folder| self.is_seen(folder)).collect();
        for usual in ["/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin"] {
            if !folders.iter().any(|folder| folder == Path::new(usual)) {
                folders.push(PathBuf::from(usual));
            }
        }
        // Names with a colon cannot be in PATH, where these come from.
        let path = env::join_paths(folders).unwrap_or_default();
        let mut variables = vec![(OsString::from("PATH"), path)];
        for (name, folder) in [("RUSTUP_HOME", ".rustup"), ("PYENV_ROOT", ".pyenv")] {
            let seen = self.home.iter().map(|home| home.join(folder));
            let mut seen = seen.filter(|path| self.folders.iter().any(|(seen, _)| seen == path));
            variables.extend(seen.next().map(|path| (OsString::from(name), path.into_os_string())));
        }
        let language = env::var_os("LANG").filter(|language| !language.is_empty());
        variables.push(("LANG".into(), language.unwrap_or_else(|| OsString::from("C.UTF-8"))));
        variables
    }
}

fn home() -> Option<PathBuf> {
    env::var_os("HOME").filter(|home| home.as_os_str() != OsStr::new("/")).map(PathBuf::from)
}

fn open(path: &Path, attribute: u64) -> io::Result<OwnedFd> {
    let tree = sys::open_tree(&CString::new(path.as_os_str().as_bytes())?)?;
    let attributes = libc::MOUNT_ATTR_RDONLY | libc::MOUNT_ATTR_NOSUID | attribute;
    sys::mount_setattr(tree.as_fd(), attributes)?;
    Ok(tree)
}

/// A path below a folder, as a system call wants it.
pub(crate) fn below(folder: &Path, path: &Path) -> (PathBuf, CString) {
    let path = folder.join(path.strip_prefix("/").unwrap_or(path));
    let text = CString::new(path.clone().into_os_string().into_vec()).unwrap_or_default();
    (path, text)
}
