//! How a broken promise is told: what was sent, what was expected, what came.

use std::fmt::{self, Debug, Display, Formatter};

use common::client::ask::Ask;
use common::protocol::reply::{Reply, Status};

// What stands before each part of a finding.
const SENT: &str = "  sent:     ";
const EXPECTED: &str = "\n  expected: ";
const CAME: &str = "\n  came:     ";

/// A broken promise, with the three things that a person needs to see for themselves what is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was done to the server.
    pub sent: String,
    /// What should have come of it.
    pub expected: String,
    /// What came.
    pub came: String,
}

impl Finding {
    /// Puts the three together.
    pub fn new(sent: impl Display, expected: impl Display, came: impl Display) -> Finding {
        Finding { sent: sent.to_string(), expected: expected.to_string(), came: came.to_string() }
    }

    /// What a panic of [`Finding::fail`] has said; any other panic is all that came.
    pub fn told(panic: &str) -> Finding {
        let parts = || {
            let (_, rest) = panic.split_once(SENT)?;
            let (sent, rest) = rest.split_once(EXPECTED)?;
            let (expected, came) = rest.split_once(CAME)?;
            Some(Finding::new(sent, expected, came))
        };
        parts().unwrap_or_else(|| Finding::new("", "", panic))
    }

    /// Fails with it.
    ///
    /// # Panics
    /// Always; whoever asks several checks catches it.
    #[track_caller]
    pub fn fail(self) -> ! {
        panic!("\n{self}");
    }
}

impl Display for Finding {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        let Finding { sent, expected, came } = self;
        write!(f, "{SENT}{sent}{EXPECTED}{expected}{CAME}{came}")
    }
}

/// Fails with what was sent, expected, and what came.
///
/// # Panics
/// Always; whoever asks several checks catches it.
#[track_caller]
pub fn fail(sent: impl Display, expected: impl Display, came: impl Display) -> ! {
    Finding::new(sent, expected, came).fail();
}

/// Fails unless what came is what was expected.
///
/// # Panics
/// If it is not.
#[track_caller]
pub fn same<T: PartialEq + Debug>(sent: impl Display, expected: T, came: T) {
    if expected != came {
        fail(sent, format!("{expected:?}"), format!("{came:?}"));
    }
}

/// Fails unless what came `is_so`.
///
/// # Panics
/// If it is not.
#[track_caller]
pub fn holds(is_so: bool, sent: impl Display, expected: impl Display, came: impl Display) {
    if !is_so {
        fail(sent, expected, came);
    }
}

/// A question as a person would write it.
pub fn asked(ask: Ask) -> String {
    match ask {
        Ask::List => "LIST".to_owned(),
        Ask::View { show } => format!("VIEW of show {show}"),
        Ask::Reserve { show, seats } => format!("RESERVE of {seats} seats of show {show}"),
    }
}

/// The part of a reply that its client can check without knowing the table.
pub fn told(reply: &Reply) -> (Option<Status>, i32) {
    (reply.status(), reply.seats.get())
}
