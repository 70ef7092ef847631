//! A client process: opens its door, then does what it is told, line by line.

use std::io::{BufRead, Write, stdin, stdout};
use std::path::Path;

use anyhow::Context;
use nix::sys::prctl;

use crate::door::{Door, DoorKind};
use crate::order::{Answer, Order};
use crate::pace;

/// Runs until its standard input ends.
///
/// # Errors
/// If it cannot speak to the process that started it.
pub fn run(kind: DoorKind, dir: &Path, number: u32) -> anyhow::Result<u8> {
    // A sleep may end 50 us late otherwise, which an open loop would count as latency.
    prctl::set_timerslack(1).context("cannot set the timer slack")?;
    let mut door = match Door::open(kind, dir, number) {
        Ok(door) => door,
        Err(error) => {
            say(&Answer::Failed(format!("{error:#}")))?;
            return Ok(0);
        }
    };
    say(&Answer::Ready)?;
    for line in stdin().lock().lines() {
        let order: Order = serde_json::from_str(&line.context("cannot read an order")?)
            .context("cannot understand an order")?;
        let answer = match pace::run(&mut door, &order) {
            Ok(done) => Answer::Done(done),
            Err(error) => Answer::Failed(format!("{error:#}")),
        };
        say(&answer)?;
    }
    Ok(0)
}

fn say(answer: &Answer) -> anyhow::Result<()> {
    let line = serde_json::to_string(answer).context("cannot write an answer")? + "\n";
    let mut stdout = stdout().lock();
    stdout
        .write_all(line.as_bytes())
        .and_then(|()| stdout.flush())
        .context("cannot write an answer")
}
