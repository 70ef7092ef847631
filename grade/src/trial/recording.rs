//! How a client is used, as a person has shown it.

/// What was typed in one action, and what was shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// The keys, as they were when Enter was pressed.
    pub keys: String,
    /// What was shown, with each Enter that was typed.
    pub text: String,
    /// Where in it begins what was shown since the last Enter.
    pub last: usize,
}

/// How a client is used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recording {
    /// What was typed before the menu.
    pub open: String,
    /// What was shown until then.
    pub opening: String,
    /// The table; it has no keys if it is on the start screen.
    pub list: Shown,
    /// The seats of one show; None: the table says them.
    pub view: Option<Shown>,
    /// A reservation that was made.
    pub done: Shown,
    /// One of more seats than there are.
    pub refused: Shown,
    /// What ended the client.
    pub quit: String,
    /// Whether it ends after one action.
    pub one_action: bool,
}

impl Shown {
    /// What was shown since the last Enter.
    pub fn answer(&self) -> &str {
        self.text.get(self.last..).unwrap_or_default()
    }
}

impl Recording {
    /// Keeps what was done when this action was asked for.
    pub fn keep(&mut self, action: &str, shown: Shown) {
        match action {
            "open" => (self.open, self.opening) = (shown.keys, shown.text),
            "list" if shown.keys.is_empty() => {
                let text = format!("{}{}", self.opening, shown.text);
                self.list = Shown { text, ..shown };
            }
            "list" => self.list = shown,
            "view" => self.view = Some(shown).filter(|shown| !shown.keys.is_empty()),
            "done" => self.done = shown,
            "refused" => self.refused = shown,
            _ => self.quit = shown.keys,
        }
    }
}
