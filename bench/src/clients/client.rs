//! A client process: connects, then does what it is told, line by line.

use std::io::{BufRead, Write, stdin, stdout};

use anyhow::Context;
use nix::sys::prctl;

use crate::clients::order::{Answer, Done, Order};

/// Opens the connections, and does what each order says until its standard input ends.
///
/// # Errors
/// If it cannot speak to the process that started it.
pub fn run<C>(
    open: impl FnOnce() -> anyhow::Result<C>,
    follow: impl Fn(&mut C, &Order) -> anyhow::Result<Done>,
) -> anyhow::Result<u8> {
    // A sleep may end 50 us late otherwise, which an open loop would count as latency.
    prctl::set_timerslack(1).context("cannot set the timer slack")?;
    let mut connections = match open() {
        Ok(connections) => connections,
        Err(error) => {
            say(&Answer::Failed(format!("{error:#}")))?;
            return Ok(0);
        }
    };
    say(&Answer::Ready)?;
    for line in stdin().lock().lines() {
        let order: Order = serde_json::from_str(&line.context("cannot read an order")?)
            .context("cannot understand an order")?;
        let answer = match follow(&mut connections, &order) {
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
