//! How long the grader waits: times for a quiet machine, multiplied by how slow this one is now.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::launch::launcher::Launcher;
use crate::launch::program::{Program, Streams};
use crate::terminal::pty::Terminal;

/// A turn of a client: students let their programs sleep for a second.
const TURN: Duration = Duration::from_secs(2);
/// A server becomes ready.
const READY: Duration = Duration::from_secs(5);
/// How long [`Patience::calibrate`] measures.
const CALIBRATION: Duration = Duration::from_secs(1);
/// What a program that starts and answers on a terminal takes on a quiet machine.
const QUIET: Duration = Duration::from_micros(1500);
/// Most of a deadline is for programs that sleep, and those do not sleep longer on a busy machine.
const FACTOR_MAX: f64 = 8.0;

/// By what every deadline is multiplied.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Patience {
    factor: f64,
}

impl Patience {
    /// A given factor; 1 is for a quiet machine.
    pub fn of(factor: f64) -> Patience {
        Patience { factor: if factor.is_finite() { factor.max(0.1) } else { 1.0 } }
    }

    /// Measures for one second, and multiplies what it finds.
    ///
    /// # Errors
    /// Those of opening a terminal and of starting cat(1).
    pub fn calibrate(launcher: &Launcher, multiplier: f64) -> io::Result<Patience> {
        let begin = Instant::now();
        let mut times = Vec::new();
        while begin.elapsed() < CALIBRATION {
            times.push(start_and_answer(launcher)?);
        }
        times.sort();
        let median = times[times.len() / 2];
        let factor = (median.as_secs_f64() / QUIET.as_secs_f64()).clamp(1.0, FACTOR_MAX);
        Ok(Patience::of(factor * multiplier))
    }

    /// The factor.
    pub fn factor(self) -> f64 {
        self.factor
    }

    /// A time for a quiet machine, as long as it takes here.
    pub fn scale(self, time: Duration) -> Duration {
        time.mul_f64(self.factor)
    }

    /// How long a client may take until it is the person's turn again.
    pub fn turn(self) -> Duration {
        self.scale(TURN)
    }

    /// How long a server may take until it can be asked.
    pub fn ready(self) -> Duration {
        self.scale(READY)
    }
}

fn start_and_answer(launcher: &Launcher) -> io::Result<Duration> {
    let begin = Instant::now();
    let terminal = Terminal::open()?;
    let argv = vec![OsString::from("cat")];
    let program = Program { argv, cwd: PathBuf::from("/"), env: Vec::new() };
    let process = launcher.start(&program, Streams::Terminal(terminal.slave()?))?;
    terminal.write(b"answer\n")?;
    terminal.wait(CALIBRATION);
    drop(process);
    Ok(begin.elapsed())
}
