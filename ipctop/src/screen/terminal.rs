//! The terminal: taken at the start, given back at the end, whatever the end is.

use std::io::{self, Stdout, stdout};
use std::panic;

use crossterm::cursor::Show;
use crossterm::event::{DisableMouseCapture, EnableMouseCapture};
use crossterm::execute;
use crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use nix::sys::signal::{Signal, raise};
use ratatui::backend::CrosstermBackend;

use crate::screen::draw;
use crate::screen::state::State;

/// The terminal while the screen has it.
pub struct Terminal {
    inner: ratatui::Terminal<CrosstermBackend<Stdout>>,
}

impl Terminal {
    /// Takes it; a panic gives it back before its message is printed.
    ///
    /// # Errors
    /// If it is no terminal.
    pub fn enter() -> io::Result<Terminal> {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            leave();
            before(info);
        }));
        take()?;
        let inner = ratatui::Terminal::new(CrosstermBackend::new(stdout()))?;
        Ok(Terminal { inner })
    }

    /// Draws a state.
    ///
    /// # Errors
    /// If it cannot be written to.
    pub fn draw(&mut self, state: &mut State) -> io::Result<()> {
        self.inner.draw(|frame| draw::draw(frame, state)).map(|_| ())
    }

    /// Stops this process as Ctrl-Z would, and takes the terminal again when it is continued.
    ///
    /// # Errors
    /// If it cannot be taken again.
    pub fn suspend(&mut self) -> io::Result<()> {
        leave();
        raise(Signal::SIGTSTP)?;
        take()?;
        // A new one draws every cell. To clear the old one would ask the terminal where its cursor
        // is, and the thread that reads keys would get the answer.
        self.inner = ratatui::Terminal::new(CrosstermBackend::new(stdout()))?;
        Ok(())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        leave();
    }
}

fn take() -> io::Result<()> {
    enable_raw_mode()?;
    execute!(stdout(), EnterAlternateScreen, EnableMouseCapture)
}

/// Does what it can: there is nobody left to tell.
fn leave() {
    let _ = execute!(stdout(), DisableMouseCapture, LeaveAlternateScreen, Show);
    let _ = disable_raw_mode();
}
