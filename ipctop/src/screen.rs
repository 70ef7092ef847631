//! The screen: keys, ticks and looks meet in one loop, so that a slow look never holds up a key.

pub mod rows;

pub mod state;

pub mod keys;

pub mod style;

pub mod draw;

pub mod details;

pub mod terminal;

use std::io;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use anyhow::{Context, bail};
use crossbeam_channel::{Receiver, Sender, bounded, select, tick, unbounded};
use crossterm::event::{self, Event};
use nix::sys::signal::{SigSet, Signal};

use crate::model::look::Look;
use crate::scope::Scope;
use crate::screen::keys::Order;
use crate::screen::state::State;
use crate::screen::terminal::Terminal;
use crate::watch::Watcher;

/// Two looks a second.
const EVERY: Duration = Duration::from_millis(500);

/// Shows the screen until the user quits.
///
/// # Errors
/// If the terminal cannot be used, or a thread cannot be had.
pub fn run(scope: Scope) -> anyhow::Result<ExitCode> {
    // Before any thread exists, so that all of them leave these to the one that waits for them.
    let signals = watch_signals()?;
    let mut state = State::new(&scope);
    let (asks, looks) = watch_scope(scope)?;
    let mut terminal = Terminal::enter().context("cannot open the screen")?;
    let events = watch_events()?;
    let ticks = tick(EVERY);
    let mut is_looking = ask(&asks);
    loop {
        terminal.draw(&mut state).context("cannot draw the screen")?;
        select! {
            recv(looks) -> look => match look {
                Ok(look) => {
                    is_looking = false;
                    state.show(look);
                }
                Err(_) => bail!("cannot look any more: the thread that does is gone"),
            },
            recv(ticks) -> _ => if !is_looking && !state.is_frozen {
                is_looking = ask(&asks);
            },
            recv(signals) -> _ => return Ok(ExitCode::SUCCESS),
            recv(events) -> event => match event {
                Ok(Ok(event)) => match keys::press(&mut state, &event) {
                    Order::Go => {}
                    Order::Quit => return Ok(ExitCode::SUCCESS),
                    Order::Suspend => terminal.suspend().context("cannot suspend")?,
                },
                // The terminal is gone.
                Ok(Err(_)) | Err(_) => return Ok(ExitCode::SUCCESS),
            },
        }
    }
}

fn ask(asks: &Sender<()>) -> bool {
    asks.try_send(()).is_ok()
}

/// A thread that looks whenever it is asked to.
fn watch_scope(scope: Scope) -> anyhow::Result<(Sender<()>, Receiver<Look>)> {
    let (asks, asked) = bounded::<()>(1);
    let (answers, looks) = bounded(1);
    let look = move || {
        let mut watcher = Watcher::new(scope);
        while asked.recv().is_ok() {
            if answers.send(watcher.look()).is_err() {
                return;
            }
        }
    };
    thread::Builder::new()
        .name("ipctop look".into())
        .spawn(look)
        .context("cannot start a thread")?;
    Ok((asks, looks))
}

fn watch_events() -> anyhow::Result<Receiver<io::Result<Event>>> {
    let (sender, events) = unbounded();
    let read = move || {
        loop {
            let event = event::read();
            let is_last = event.is_err();
            if sender.send(event).is_err() || is_last {
                return;
            }
        }
    };
    thread::Builder::new()
        .name("ipctop keys".into())
        .spawn(read)
        .context("cannot start a thread")?;
    Ok(events)
}

/// The signals that end the screen; the terminal is restored first.
fn watch_signals() -> anyhow::Result<Receiver<Signal>> {
    let ending: SigSet =
        [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP, Signal::SIGQUIT].into_iter().collect();
    ending.thread_block().context("cannot block signals")?;
    let (sender, signals) = bounded(1);
    let wait = move || {
        if let Ok(signal) = ending.wait() {
            // Nobody hears it if the screen has just been left.
            let _ = sender.send(signal);
        }
    };
    thread::Builder::new()
        .name("ipctop signals".into())
        .spawn(wait)
        .context("cannot start a thread")?;
    Ok(signals)
}
