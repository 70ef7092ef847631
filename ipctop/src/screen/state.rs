//! What the screen shows: the last look, what is selected, and what is open.

use crate::messages::Messages;
use crate::model::look::Look;
use crate::scope::Scope;
use crate::screen::rows::{self, Row, Thing};
use crate::screen::style::Styles;

/// The panes that can be selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pane {
    /// Processes and threads, left.
    Processes,
    /// Objects, right.
    Objects,
    /// Findings, below.
    Findings,
}

/// The panes in the order of the Tab key.
pub const PANES: [Pane; 3] = [Pane::Processes, Pane::Objects, Pane::Findings];

/// What covers the panes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Over {
    /// Nothing.
    Nothing,
    /// One thing, with everything that touches it.
    Open(Thing),
    /// The messages of a queue.
    Peek(Thing),
    /// The keys.
    Help,
}

/// The state of the screen.
#[derive(Debug)]
pub struct State {
    /// The last look, empty before the first one.
    pub look: Look,
    /// Its sentences.
    pub messages: Messages,
    /// Its looks.
    pub styles: Styles,
    /// The selected pane.
    pub pane: Pane,
    /// The selected row of each pane.
    pub selected: [usize; 3],
    /// The first row that each pane shows.
    pub offset: [usize; 3],
    /// What covers the panes.
    pub over: Over,
    /// How far it is scrolled.
    pub scroll: usize,
    /// Only rows with these letters are shown.
    pub filter: String,
    /// Whether keys go into the filter.
    pub is_filtering: bool,
    /// Whether no new look is shown.
    pub is_frozen: bool,
    /// What was done last, shown until the next key.
    pub notice: String,
    /// Where each pane was drawn, for the mouse: its area and the rows in it.
    pub areas: [ratatui::layout::Rect; 3],
    rows: [Vec<Row>; 3],
}

impl State {
    /// One that shows nothing yet.
    pub fn new(scope: &Scope) -> State {
        State {
            look: Look { scope: scope.name(), ..Look::default() },
            messages: Messages::new(scope.language),
            styles: Styles::of_environment(),
            pane: Pane::Processes,
            selected: [0; 3],
            offset: [0; 3],
            over: Over::Nothing,
            scroll: 0,
            filter: String::new(),
            is_filtering: false,
            is_frozen: false,
            notice: String::new(),
            areas: [ratatui::layout::Rect::ZERO; 3],
            rows: [Vec::new(), Vec::new(), Vec::new()],
        }
    }

    /// Shows a look. What was selected stays selected, wherever its row is now.
    pub fn show(&mut self, look: Look) {
        let things = PANES.map(|pane| self.thing(pane).cloned());
        self.look = look;
        self.arrange();
        for (pane, thing) in PANES.into_iter().zip(things) {
            let rows = &self.rows[pane as usize];
            if let Some(at) = rows.iter().position(|row| Some(&row.thing) == thing.as_ref()) {
                let now = self.selected[pane as usize];
                // A process and its threads are one thing of several rows.
                if rows.get(now).map(|row| &row.thing) != thing.as_ref() {
                    self.selected[pane as usize] = at;
                }
            }
        }
    }

    /// Makes the rows again, after a look or a change of the filter.
    pub fn arrange(&mut self) {
        self.rows =
            [rows::processes(&self.look), rows::objects(&self.look), rows::findings(&self.look)];
        let wanted = self.filter.to_lowercase();
        for (at, rows) in self.rows.iter_mut().enumerate() {
            rows.retain(|row| row.text.to_lowercase().contains(&wanted));
            self.selected[at] = self.selected[at].min(rows.len().saturating_sub(1));
        }
    }

    /// The rows of a pane.
    pub fn rows(&self, pane: Pane) -> &[Row] {
        &self.rows[pane as usize]
    }

    /// The selected thing of a pane.
    pub fn thing(&self, pane: Pane) -> Option<&Thing> {
        self.rows[pane as usize].get(self.selected[pane as usize]).map(|row| &row.thing)
    }

    /// Moves the selection of the pane, or scrolls what covers it.
    pub fn go(&mut self, by: isize) {
        if self.over == Over::Nothing {
            let last = self.rows(self.pane).len().saturating_sub(1);
            let selected = &mut self.selected[self.pane as usize];
            *selected = selected.saturating_add_signed(by).min(last);
        } else {
            self.scroll = self.scroll.saturating_add_signed(by);
        }
    }

    /// Selects the pane that is so many further.
    pub fn turn(&mut self, by: usize) {
        self.pane = PANES[(self.pane as usize + by) % PANES.len()];
    }

    /// Covers the panes.
    pub fn cover(&mut self, over: Over) {
        self.over = over;
        self.scroll = 0;
    }
}
