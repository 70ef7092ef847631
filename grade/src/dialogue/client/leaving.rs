//! How a client ends: as a person leaves it, or killed.

use crate::dialogue::client::Client;
use crate::dialogue::keys::{Values, pieces};
use crate::terminal::turn::Turn;

impl Client<'_> {
    /// Leaves as a person does; the turn says whether the client then ended.
    pub fn quit(mut self) -> Turn {
        self.type_quit()
    }

    /// Ends it and leaves the server: by SIGKILL, where its keys would end the server, too.
    pub fn leave(self) {
        if self.dialogue.quit_stops_server {
            self.kill();
        } else {
            self.quit();
        }
    }

    /// Ends it by SIGKILL.
    pub fn kill(self) {
        drop(self);
    }

    /// Types what a person types to leave.
    pub(super) fn type_quit(&mut self) -> Turn {
        let keys = pieces(&self.dialogue.quit, Values::default());
        self.person.prepare(keys, None);
        self.person.send();
        self.person.finish(None)
    }
}
