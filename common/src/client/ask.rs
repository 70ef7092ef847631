//! What a client asks, and what it can say when no answer comes.

use std::fmt;
use std::io;

use clap::Subcommand;
use zerocopy::FromZeros;
use zerocopy::little_endian::{I32, U64};

use crate::program::exit::plain;
use crate::protocol::record::MAGIC;
use crate::protocol::request::{Kind, Request};

/// One question to the box office; also the client's commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Subcommand)]
pub enum Ask {
    /// Print every show with its date and the seats left
    List,
    /// Print the seats left on one show
    View {
        /// Number of the show
        #[arg(allow_negative_numbers = true)]
        show: i32,
    },
    /// Reserve seats of one show
    Reserve {
        /// Number of the show
        #[arg(allow_negative_numbers = true)]
        show: i32,
        /// Seats wanted
        #[arg(allow_negative_numbers = true)]
        seats: i32,
    },
}

impl Request {
    /// The request of `client` for `ask`; fields that it does not use are 0.
    #[inline]
    pub fn new(client: i32, nonce: u64, ask: Ask) -> Request {
        let (kind, show, seats) = match ask {
            Ask::List => (Kind::List, 0, 0),
            Ask::View { show } => (Kind::View, show, 0),
            Ask::Reserve { show, seats } => (Kind::Reserve, show, seats),
        };
        Request {
            magic: MAGIC,
            client: I32::new(client),
            nonce: U64::new(nonce),
            kind: I32::new(kind as i32),
            show: I32::new(show),
            seats: I32::new(seats),
            ..Request::new_zeroed()
        }
    }
}

/// Numbers that tell a client's own replies from all others.
///
/// The start is random, so that a reply to an earlier owner of the same PID is not taken for ours;
/// then they count up, because drawing each of them would cost a system call per request. See
/// getrandom(2).
#[derive(Debug)]
pub struct Nonces(u64);

impl Nonces {
    /// Draws the start.
    ///
    /// # Errors
    /// Those of `getrandom`.
    pub fn new() -> io::Result<Nonces> {
        Ok(Nonces(getrandom::u64()?))
    }

    /// The next number, never 0: a reply with nonce 0 speaks for a whole connection.
    #[inline]
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.checked_add(1).unwrap_or(1);
        self.0
    }
}

/// Why a question has no answer, and what that means for a reservation.
#[derive(Debug)]
pub enum Unanswered {
    /// The request did not reach the server: nothing was done.
    NotSent(io::Error),
    /// The request was sent and no reply came: a reservation may or may not have been made.
    Unknown(io::Error),
}

impl Unanswered {
    /// The sentence for a client's user, with what it means for `ask`.
    pub fn explain(&self, ask: Ask) -> String {
        let (error, sent) = match self {
            Unanswered::NotSent(error) => (error, false),
            Unanswered::Unknown(error) => (error, true),
        };
        let meaning = match (ask, sent) {
            (Ask::Reserve { .. }, true) => {
                "the outcome is unknown, the seats may or may not have been taken"
            }
            (Ask::Reserve { .. }, false) => "nothing was reserved",
            (Ask::List | Ask::View { .. }, _) => "ask again",
        };
        format!("{}: {meaning}", plain(error))
    }
}

impl fmt::Display for Unanswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unanswered::NotSent(error) => write!(f, "cannot send the request: {error}"),
            Unanswered::Unknown(error) => write!(f, "cannot receive the reply: {error}"),
        }
    }
}

impl std::error::Error for Unanswered {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nonces_differ_and_are_never_zero() {
        let mut nonces = Nonces(u64::MAX - 1);
        assert_eq!([nonces.draw(), nonces.draw(), nonces.draw()], [u64::MAX, 1, 2]);
        assert_ne!(Nonces::new().unwrap().draw(), Nonces::new().unwrap().draw());
    }

    #[test]
    fn only_a_sent_reservation_has_an_unknown_outcome() {
        let lost = || io::Error::from_raw_os_error(libc_eidrm());
        let reserve = Ask::Reserve { show: 1, seats: 1 };
        assert!(Unanswered::Unknown(lost()).explain(reserve).contains("the outcome is unknown"));
        assert!(Unanswered::NotSent(lost()).explain(reserve).contains("nothing was reserved"));
        assert!(!Unanswered::Unknown(lost()).explain(Ask::List).contains("unknown"));
        assert!(Unanswered::NotSent(lost()).to_string().starts_with("cannot send the request: "));
    }

    fn libc_eidrm() -> i32 {
        nix::errno::Errno::EIDRM as i32
    }
}
