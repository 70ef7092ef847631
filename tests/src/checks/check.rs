//! What a check is: a function that asks one server one thing, and what one needs to know of it.

use crate::leftovers::ipc;
use crate::target::{Author, Target};

/// A question to a server, with what it is for.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    /// The path of its function.
    pub path: &'static str,
    /// What is broken if it fails.
    pub promise: Promise,
    /// What it asks, for a person.
    pub asks: &'static str,
    /// Why it cannot be asked of a foreign server; None if it needs no more than the protocol.
    pub needs: Option<&'static str>,
    /// Asks it. It panics, with what was sent, expected and came, if the promise is broken.
    pub run: fn(&Target) -> Verdict,
}

/// What a server is held to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Promise {
    /// The answers are those that `docs/PROTOCOL.md` gives.
    Protocol,
    /// The command line and the log are as every stage has them.
    CommandLine,
    /// Durable: an OK to RESERVE leaves after the sync of its count.
    P1,
    /// What was not acknowledged happened wholly or not at all, at most once.
    P2,
    /// Never oversold.
    P3,
    /// Linearizable per show; LIST is one snapshot.
    P4,
    /// No reply shows a count that is not durable yet.
    P5,
    /// After a failed sync no further OK.
    P6,
    /// No client can wedge or starve another.
    P7,
    /// A stop leaves nothing behind, a start cleans up.
    P8,
    /// One server per DIR, its user's alone.
    P9,
}

/// Kept, or not judged; a promise that is broken is a panic.
pub type Verdict = Result<(), Skipped>;

/// Why nothing was judged. It is never a pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skipped {
    /// This server cannot be asked it, on no machine.
    LeftOut(&'static str),
    /// This machine lacks something.
    Lacks(&'static str),
}

impl Check {
    /// Its module and name: `crowd::a_seat_is_never_sold_twice`.
    pub fn name(&self) -> &'static str {
        self.path.strip_prefix("harness::checks::").unwrap_or(self.path)
    }

    /// Asks the server, or says why it cannot be asked.
    ///
    /// # Errors
    /// If it cannot be judged here.
    ///
    /// # Panics
    /// If the promise is broken.
    pub fn ask(&self, target: &Target) -> Verdict {
        match self.needs {
            Some(why) if target.author() == Author::Stranger => Err(Skipped::LeftOut(why)),
            _ => match ipc::lacks(target.stage()) {
                Some(what) => Err(Skipped::Lacks(what)),
                None => (self.run)(target),
            },
        }
    }
}

/// A row of a module's table: promise, function, sentence, and why it is for our own servers only.
macro_rules! check {
    ($promise:ident, $name:ident, $asks:literal) => {
        check!(@ $promise, $name, $asks, None)
    };
    ($promise:ident, $name:ident, $asks:literal, $why:expr) => {
        check!(@ $promise, $name, $asks, Some($why))
    };
    (@ $promise:ident, $name:ident, $asks:literal, $needs:expr) => {
        $crate::checks::check::Check {
            path: concat!(module_path!(), "::", stringify!($name)),
            promise: $crate::checks::check::Promise::$promise,
            asks: $asks,
            needs: $needs,
            run: $name,
        }
    };
}
