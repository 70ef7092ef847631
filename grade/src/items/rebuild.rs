//! The submission built once more, with other flags, whatever its build command is: compilers that
//! are searched in PATH are found in a folder before it, where each adds the flags.

use std::cell::OnceCell;
use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

use crate::items::binaries;
use crate::items::builds;
use crate::judge::course::{Asked, Course};
use crate::judge::hearing;
use crate::judge::log::Log;
use crate::launch::launcher::Launcher;
use crate::launch::program::{Program, Streams};

/// A sanitizer doubles the time of a build.
const BUILD_MAX: Duration = Duration::from_secs(180);
/// The compilers whose names are taken.
const COMPILERS: &str = "cc gcc clang c89 c99 c++ g++ clang++";
/// The lines of a failed build that are shown.
const LINES: usize = 5;

/// Compilers that add flags.
#[derive(Debug)]
pub struct Compilers {
    folder: TempDir,
    /// What each of them is.
    script: String,
}

/// How a command ended.
#[derive(Debug)]
pub struct Ran {
    /// Whether with 0.
    pub is_success: bool,
    /// What it said, without empty lines.
    pub lines: Vec<String>,
}

impl Compilers {
    /// # Errors
    /// Not judged: the folder cannot be made.
    pub fn new(course: &Course<'_>, flags: &str) -> Asked<Compilers> {
        match Compilers::make(&course.home, flags) {
            Ok(compilers) => Ok(compilers),
            Err(error) => course.cannot("make a compiler with other flags", &error),
        }
    }

    fn make(home: &Path, flags: &str) -> std::io::Result<Compilers> {
        // Beside the copy of the submission; /tmp may forbid programs.
        let folder = tempfile::tempdir_in(home.parent().unwrap_or(home))?;
        let path = folder.path().display();
        let script = format!(
            "#!/bin/sh\nPATH=${{PATH#*{path}:}}\nexport PATH\nexec \"${{0##*/}}\" \"$@\" {flags}\n"
        );
        let compilers = Compilers { folder, script };
        compilers.install()?;
        Ok(compilers)
    }

    /// Writes them, also where a refresh has taken them away.
    fn install(&self) -> std::io::Result<()> {
        fs::create_dir_all(self.folder.path())?;
        let compiler = self.path("compiler");
        fs::write(&compiler, &self.script)?;
        fs::set_permissions(compiler, Permissions::from_mode(0o755))
    }

    /// A path for a file of the grader, out of the submission's folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a command line of the shell that finds these compilers first.
    ///
    /// # Errors
    /// Not judged: it cannot be started, or does not end.
    pub fn run(&self, course: &Course<'_>, cwd: &Path, command: &str) -> Asked<Ran> {
        let folder = self.folder.path().display();
        let line = format!(
            "for name in {COMPILERS}; do command -v $name >/dev/null && ln -sf compiler \
             '{folder}'/$name; done; PATH='{folder}':\"$PATH\"; export PATH\n{command}"
        );
        let argv = ["sh", "-c", &line].map(OsString::from).to_vec();
        // Words of a compiler are looked for, in one language.
        let env = vec![("LC_ALL".into(), "C".into())];
        let program = Program { argv, cwd: cwd.to_owned(), env };
        let ran = Log::new().and_then(|log| {
            let mut process = course.launcher.start(&program, Streams::Log(log.writer()?))?;
            let status = process.wait_for(course.patience.scale(BUILD_MAX))?;
            let status = status.ok_or(std::io::ErrorKind::TimedOut)?;
            Ok(Ran { is_success: status.success(), lines: hearing::visible(&log.text()) })
        });
        match ran {
            Ok(ran) => Ok(ran),
            Err(error) => course.cannot("build it with other flags", &error),
        }
    }

    /// Builds a fresh copy in the submission's folder, and says what was printed.
    ///
    /// # Errors
    /// Not judged: nothing is built, or it cannot be built so.
    pub fn build(&self, course: &Course<'_>) -> Asked<Vec<String>> {
        let Some(command) = builds::command(course) else {
            return course.cannot("build it with other flags", &"nothing of it is compiled");
        };
        if let Err(error) = course.surroundings.end_everything() {
            return course.cannot("end the submission's processes", &error);
        }
        course.refresh()?;
        if let Err(error) = self.install() {
            return course.cannot("make a compiler with other flags", &error);
        }
        for made in binaries::all(&course.home) {
            // What cannot be removed is not compiled once more, which is seen later.
            let _ = fs::remove_file(made);
        }
        let ran = self.run(course, &course.home, &command)?;
        if ran.is_success {
            return Ok(ran.lines);
        }
        let first = ran.lines.len().saturating_sub(LINES);
        course.cannot("build it with other flags", &ran.lines[first..].join("\n"))
    }
}

/// The same course with the files as they are now, and programs that another launcher starts.
///
/// # Errors
/// Not judged: the files cannot be read.
pub fn as_it_is<'a>(course: &Course<'a>, launcher: &'a Launcher) -> Asked<Course<'a>> {
    let again = Course {
        surroundings: course.surroundings,
        launcher,
        elsewhere: None,
        question: course.question,
        words: course.words,
        patience: course.patience,
        home: course.home.clone(),
        built: OnceCell::new(),
    };
    again.remember()?;
    Ok(again)
}
