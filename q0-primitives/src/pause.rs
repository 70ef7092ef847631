//! Waiting for the user, so that there is time to look around in another terminal.

use std::cell::Cell;
use std::io;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::Args;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::signal::SigSet;
use nix::sys::time::TimeSpec;
use nix::unistd::read;

use crate::screen::say;

/// How long a program stands still at each step.
#[derive(Args, Debug)]
pub struct Pause {
    /// Stand still for N seconds at each step, and leave standard input alone
    ///
    /// Without it, Enter goes on to the next step; end of file (Ctrl-D) goes through all that are
    /// left to the end.
    #[arg(long, value_name = "N")]
    seconds: Option<u32>,
    /// Whether end of file was seen. A terminal tells it once and then reads on.
    #[arg(skip)]
    ended: Cell<bool>,
}

impl Pause {
    /// Waits until the user wants the program to do `next`; returns false if that is end of file.
    ///
    /// # Errors
    /// Of ppoll and read. See ppoll(2).
    pub fn wait(&self, next: &str) -> anyhow::Result<bool> {
        self.wait_with(next, None, || Ok(()))
    }

    /// Waits as [`Pause::wait`] does, and calls `woken` after each signal that a handler took.
    ///
    /// The caller keeps its signals blocked; ppoll lets them in only while it sleeps. With poll, one
    /// that comes after `woken` looked and before the sleep begins would go unnoticed.
    ///
    /// # Errors
    /// As [`Pause::wait`], and those of `woken`.
    pub fn wait_for_signals(
        &self,
        next: &str,
        woken: impl FnMut() -> anyhow::Result<()>,
    ) -> anyhow::Result<bool> {
        self.wait_with(next, Some(SigSet::empty()), woken)
    }

    fn wait_with(
        &self,
        next: &str,
        mask: Option<SigSet>,
        mut woken: impl FnMut() -> anyhow::Result<()>,
    ) -> anyhow::Result<bool> {
        if self.ended.get() {
            return Ok(false);
        }
        match self.seconds {
            None => say(format_args!("press Enter to {next} (Ctrl-D ends)"))?,
            Some(seconds) => say(format_args!("in {seconds} s: {next}"))?,
        }
        let deadline = self.seconds.map(|s| Instant::now() + Duration::from_secs(s.into()));
        let stdin = io::stdin();
        loop {
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            // A job in the background must not read its terminal: SIGTTIN would stop it.
            let mut inputs = match deadline {
                None => vec![PollFd::new(stdin.as_fd(), PollFlags::POLLIN)],
                Some(_) => Vec::new(),
            };
            match ppoll(&mut inputs, left.map(TimeSpec::from_duration), mask) {
                Ok(0) => return Ok(true),
                Ok(_) => {}
                Err(Errno::EINTR) => {
                    woken()?;
                    continue;
                }
                Err(errno) => return Err(errno).context("cannot wait"),
            }
            // One byte at a time: what is behind the line stays where poll can see it.
            let mut byte = [0];
            match read(&stdin, &mut byte) {
                Ok(0) => {
                    self.ended.set(true);
                    return Ok(false);
                }
                Ok(_) if byte == *b"\n" => return Ok(true),
                Ok(_) | Err(Errno::EINTR) => {}
                Err(errno) => return Err(errno).context("cannot read standard input"),
            }
        }
    }
}
