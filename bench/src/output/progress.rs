//! How far a run has come: a line that moves on a terminal, lines below one another elsewhere.

use std::cell::Cell;
use std::env;
use std::io::{IsTerminal, stderr};
use std::time::Duration;

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};

/// How often the line on a terminal is drawn again.
const TICK: Duration = Duration::from_millis(500);

/// It, in steps of one trial.
#[derive(Debug)]
pub enum Progress {
    /// One line that is drawn again and again.
    Line(ProgressBar),
    /// A line for each thing that begins.
    Lines {
        /// Steps done.
        done: Cell<u64>,
        /// All steps.
        all: Cell<u64>,
    },
}

impl Progress {
    /// On a terminal the line that moves, unless `NO_COLOR` asks for plain text.
    ///
    /// # Errors
    /// None that can happen.
    pub fn new() -> anyhow::Result<Progress> {
        let wants_plain = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        if wants_plain || !stderr().is_terminal() {
            return Ok(Progress::Lines { done: Cell::new(0), all: Cell::new(0) });
        }
        let style = ProgressStyle::with_template("{elapsed:>4} {wide_bar} {percent:>3} %  {msg}");
        let style = style.context("the template is legal")?;
        Ok(Progress::Line(ProgressBar::new(0).with_style(style)))
    }

    /// There will be so many steps.
    pub fn begin(&self, steps: usize) {
        match self {
            Progress::Line(bar) => {
                bar.set_length(steps as u64);
                bar.enable_steady_tick(TICK);
            }
            Progress::Lines { all, .. } => all.set(steps as u64),
        }
    }

    /// Something begins.
    pub fn say(&self, what: &str) {
        match self {
            Progress::Line(bar) => bar.set_message(what.to_owned()),
            Progress::Lines { done, all } => {
                let percent = 100 * done.get() / all.get().max(1);
                eprintln!("bench: {percent:>3} %  {what}");
            }
        }
    }

    /// Some steps are done.
    pub fn step(&self, steps: usize) {
        match self {
            Progress::Line(bar) => bar.inc(steps as u64),
            Progress::Lines { done, .. } => done.set(done.get() + steps as u64),
        }
    }

    /// All is done: the line goes.
    pub fn end(&self) {
        if let Progress::Line(bar) = self {
            bar.finish_and_clear();
        }
    }
}
