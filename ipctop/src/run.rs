//! Does what the command line asks for.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use crate::messages::Messages;
use crate::model::look::Look;
use crate::options::Options;
use crate::scope::{Scope, Target};
use crate::screen;
use crate::text;
use crate::watch::{self, Watcher};

/// Something was found, and `--check` asked.
const FOUND: u8 = 1;

/// Prints looks, or opens the screen.
///
/// # Errors
/// If the process or directory that was asked for is not there, or the output cannot be written.
pub fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let scope = options.scope();
    check_target(&scope)?;
    if let Some(seconds) = options.watch {
        return watch(options, scope, Duration::from_secs_f64(seconds));
    }
    if !options.prints_once() {
        if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
            bail!("cannot open the screen: this is no terminal (--once prints one look as text)");
        }
        return screen::run(scope);
    }
    let look = watch::look(&scope);
    print(&look, options, &Messages::new(scope.language))?;
    let is_stuck = options.check && !look.findings.is_empty();
    Ok(if is_stuck { ExitCode::from(FOUND) } else { ExitCode::SUCCESS })
}

/// Prints looks, each a fixed time after the one before, until a signal or a closed pipe.
fn watch(options: &Options, scope: Scope, every: Duration) -> anyhow::Result<ExitCode> {
    let messages = Messages::new(scope.language);
    let mut watcher = Watcher::new(scope);
    let mut next = Instant::now();
    loop {
        let look = watcher.look();
        match print(&look, options, &messages) {
            Ok(()) => {}
            // Whoever read it has seen enough.
            Err(error) if is_broken_pipe(&error) => return Ok(ExitCode::SUCCESS),
            Err(error) => return Err(error),
        }
        if options.check && !look.findings.is_empty() {
            return Ok(ExitCode::from(FOUND));
        }
        // After a pause, such as Ctrl-Z, what was missed is not made up for.
        next = Instant::now().max(next + every);
        sleep(next.saturating_duration_since(Instant::now()));
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let io_error = error.downcast_ref::<io::Error>();
    io_error.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

fn print(look: &Look, options: &Options, messages: &Messages) -> anyhow::Result<()> {
    let text = match options.json {
        true => serde_json::to_string(look).context("cannot write JSON")? + "\n",
        false => text::page(look, messages),
    };
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).context("cannot write stdout")
}

fn check_target(scope: &Scope) -> anyhow::Result<()> {
    match &scope.target {
        Target::Pid(pid) if !std::path::Path::new(&format!("/proc/{pid}")).exists() => {
            bail!("cannot look at process {pid}: there is none")
        }
        Target::Dir(dir) => {
            let found = std::fs::metadata(dir);
            let found = found.with_context(|| format!("cannot look at {}", dir.display()))?;
            if !found.is_dir() {
                bail!("cannot look at {}: it is no directory", dir.display());
            }
            Ok(())
        }
        Target::Pid(_) | Target::Mine | Target::All => Ok(()),
    }
}
