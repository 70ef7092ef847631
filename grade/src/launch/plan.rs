//! What a child needs to become a program, made before the fork: after it nothing can be allocated.

use std::collections::BTreeMap;
use std::env;
use std::ffi::{CString, OsStr, OsString};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use nix::unistd::{AccessFlags, access};

use crate::launch::program::Program;
use crate::launch::walls::Walls;
use crate::sys::Strings;

/// A program, as the system calls want it.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) path: CString,
    pub(crate) argv: Strings,
    pub(crate) envp: Strings,
    pub(crate) cwd: CString,
    pub(crate) walls: Option<Walls>,
}

impl Plan {
    /// Finds the program and writes its environment down.
    ///
    /// # Errors
    /// ENOENT: it is nowhere in PATH. EINVAL: a text has a NUL in it, or there is no program.
    pub(crate) fn new(program: &Program, walls: Option<&Walls>) -> io::Result<Plan> {
        let mut variables: BTreeMap<OsString, OsString> = match walls {
            Some(walls) => walls.environment.iter().cloned().collect(),
            None => env::vars_os().collect(),
        };
        variables.extend(program.env.iter().cloned());
        let path = match program.argv.first() {
            Some(name) => find(name, variables.get(OsStr::new("PATH")))?,
            None => return Err(io::Error::other("no program is named")),
        };
        let texts = |list: Vec<OsString>| -> io::Result<Strings> {
            Ok(Strings::new(list.into_iter().map(text).collect::<io::Result<_>>()?))
        };
        let pair = |(name, value): (OsString, OsString)| {
            OsString::from_vec([name.as_bytes(), b"=", value.as_bytes()].concat())
        };
        Ok(Plan {
            path: text(path.into_os_string())?,
            argv: texts(program.argv.clone())?,
            envp: texts(variables.into_iter().map(pair).collect())?,
            cwd: text(program.cwd.clone().into_os_string())?,
            walls: walls.cloned(),
        })
    }
}

fn text(text: OsString) -> io::Result<CString> {
    Ok(CString::new(text.into_vec())?)
}

/// Where a program is: a name with a slash is a path, others are searched in PATH.
fn find(name: &OsStr, path: Option<&OsString>) -> io::Result<PathBuf> {
    if name.as_bytes().contains(&b'/') {
        return Ok(PathBuf::from(name));
    }
    let folders = path.map(env::split_paths).into_iter().flatten();
    folders
        .map(|folder| folder.join(name))
        .find(|path| is_program(path))
        .ok_or_else(|| io::Error::from_raw_os_error(libc::ENOENT))
}

fn is_program(path: &Path) -> bool {
    path.is_file() && access(path, AccessFlags::X_OK).is_ok()
}
