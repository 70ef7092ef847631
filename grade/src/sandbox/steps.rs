//! A job that runs commands one after the other: a build, or a try.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::launch::process::Process;
use crate::launch::program::Program;
use crate::sandbox::capture::Capture;
use crate::sandbox::inside::Inside;
use crate::sandbox::leftovers::Leftovers;

/// The job.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Steps {
    /// What is run.
    pub run: Vec<Step>,
    /// Whether the folder is sent out at the end.
    #[serde(default)]
    pub keep: bool,
}

/// One command.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// Its working directory, below the submission's folder.
    #[serde(default)]
    pub cwd: PathBuf,
    /// How long it may take.
    #[serde(default = "seconds")]
    pub seconds: f64,
    /// Whether the next one begins at once; all are ended at the end.
    #[serde(default)]
    pub background: bool,
    /// Whether it has a terminal.
    #[serde(default)]
    pub terminal: bool,
    /// Whether it runs in the second network.
    #[serde(default)]
    pub elsewhere: bool,
    /// Whether it is the judge's own: it has all rights in the box, and may take its time.
    #[serde(default)]
    pub tool: bool,
}

fn seconds() -> f64 {
    30.0
}

impl Step {
    /// A command line of the shell.
    pub fn shell(line: &str) -> Step {
        Step {
            argv: ["sh", "-c", line].map(str::to_owned).to_vec(),
            cwd: PathBuf::new(),
            seconds: seconds(),
            background: false,
            terminal: false,
            elsewhere: false,
            tool: false,
        }
    }
}

/// A line of the judge.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    /// How a step ended.
    Step(Done),
    /// What is there after the last one, before what runs in the background is ended.
    After(After),
}

/// How a step ended.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Done {
    /// Its place in the job, from 0.
    pub step: usize,
    /// How.
    pub end: End,
    /// What it said: its begin, and its end.
    pub output: String,
    /// How many bytes were left out between the two.
    pub n_left_out: u64,
    /// How long it ran.
    pub seconds: f64,
}

/// How a command ended.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// With this status.
    Exit(i32),
    /// By this signal.
    Signal(i32),
    /// It took too long, and was killed.
    Time,
    /// It could not be started: why.
    Start(String),
    /// It ran in the background until the end.
    #[default]
    Running,
}

/// What is there at the end.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct After {
    /// What is left.
    pub leftovers: Leftovers,
    /// If the submission was killed for its memory: how much it had.
    pub exceeded_memory: Option<u64>,
}

/// A command that runs.
struct Running {
    step: usize,
    process: Process,
    capture: Capture,
    begin: Instant,
}

/// Is the judge in a box whose job are steps.
///
/// # Errors
/// The job is another one, or [`run`] fails.
pub fn judge(inside: &Inside) -> anyhow::Result<()> {
    let steps = serde_json::from_str(&inside.job).context("cannot read the job")?;
    run(inside, &steps)
}

/// Does the job.
///
/// # Errors
/// Nobody listens, or the box is broken: a command that fails is no error.
pub fn run(inside: &Inside, steps: &Steps) -> anyhow::Result<()> {
    let (mut background, mut ended) = (Vec::new(), Vec::new());
    for (number, step) in steps.run.iter().enumerate() {
        if step.tool {
            say(inside, &Line::Step(run_tool(inside, number, step)?))?;
            continue;
        }
        let mut running = match start(inside, number, step) {
            Ok(running) => running,
            Err(error) => {
                let end = End::Start(format!("{error:#}"));
                say(inside, &Line::Step(Done { step: number, end, ..Done::default() }))?;
                continue;
            }
        };
        if step.background {
            background.push(running);
            continue;
        }
        let end = wait(&mut running.process, step)?;
        let (done, process) = running.done(end);
        say(inside, &Line::Step(done))?;
        // Its session lasts: a server that called daemon(3) may still be in it.
        ended.extend(process);
    }
    let after = After { leftovers: inside.leftovers()?, exceeded_memory: inside.exceeded_memory() };
    say(inside, &Line::After(after))?;
    for mut running in background {
        let end = running.process.status()?.map_or(End::Running, end_of);
        let (done, _) = running.done(end);
        say(inside, &Line::Step(done))?;
    }
    inside.end_all()?;
    if steps.keep {
        inside.send_home()?;
    }
    Ok(())
}

fn say(inside: &Inside, line: &Line) -> anyhow::Result<()> {
    Ok(inside.results.line(&serde_json::to_string(line)?)?)
}

fn start(inside: &Inside, number: usize, step: &Step) -> anyhow::Result<Running> {
    let program = Program {
        argv: step.argv.iter().map(OsString::from).collect(),
        cwd: inside.home.join(&step.cwd),
        env: Vec::new(),
    };
    let (capture, streams) = if step.terminal { Capture::terminal()? } else { Capture::log()? };
    let launcher = if step.elsewhere { inside.elsewhere()? } else { inside.launcher.clone() };
    let begin = Instant::now();
    Ok(Running { step: number, process: launcher.start(&program, streams)?, capture, begin })
}

/// It has no filter of system calls, and so is none of the submission's processes.
fn run_tool(inside: &Inside, number: usize, step: &Step) -> anyhow::Result<Done> {
    let (name, arguments) = step.argv.split_first().context("no tool is named")?;
    let mut command = Command::new(name);
    command.args(arguments).current_dir(inside.home.join(&step.cwd)).stdin(Stdio::null());
    let output = command.output().with_context(|| format!("cannot start {name}"))?;
    let end = end_of(output.status);
    let output = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(Done { step: number, end, output, ..Done::default() })
}

impl Running {
    /// What is said of it; and the process, if it ended by itself: all others are killed.
    fn done(self, end: End) -> (Done, Option<Process>) {
        let seconds = self.begin.elapsed().as_secs_f64();
        let process = matches!(end, End::Exit(_) | End::Signal(_)).then_some(self.process);
        let (output, n_left_out) = self.capture.take();
        (Done { step: self.step, end, output, n_left_out, seconds }, process)
    }
}

fn wait(process: &mut Process, step: &Step) -> io::Result<End> {
    let limit = Duration::try_from_secs_f64(step.seconds).unwrap_or(Duration::MAX);
    Ok(process.wait_for(limit)?.map_or(End::Time, end_of))
}

fn end_of(status: ExitStatus) -> End {
    match (status.code(), status.signal()) {
        (Some(code), _) => End::Exit(code),
        (None, signal) => End::Signal(signal.unwrap_or(0)),
    }
}
