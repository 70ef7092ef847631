//! How a program ends: its exit status, and its last words.

use std::fmt;
use std::io::{self, Write};
use std::process::ExitCode;

use nix::sys::signal::{Signal, raise};

use crate::protocol::reply::Status;
use crate::sys;

/// Exit status of a question that was answered, but not with what was asked for.
pub const REFUSED: u8 = 1;
/// Exit status of a usage or system error, a time-out, an unknown outcome, and statuses 4 to 7.
pub const FAILED: u8 = 2;
/// Exit status of a reservation that was answered, when the answer could not be printed.
pub const UNPRINTED: u8 = 3;

/// Standard output did not take what a program had to say.
#[derive(Debug)]
pub enum Unprinted {
    /// The answer to a reservation: it cannot be asked for again, so stderr repeats it.
    Answer {
        /// What was to be printed, as text.
        text: String,
        /// Why it was not.
        error: io::Error,
    },
    /// Anything else. Where nobody reads any more, that is no fault.
    Other(io::Error),
}

impl fmt::Display for Unprinted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cannot = |error| format!("cannot write to standard output: {}", plain(error));
        match self {
            Unprinted::Answer { text, error } => {
                write!(f, "{}; the answer was: {}", cannot(error), text.trim_end())
            }
            Unprinted::Other(error) => f.write_str(&cannot(error)),
        }
    }
}

impl std::error::Error for Unprinted {}

/// The exit status of a client whose question was answered with `status`.
pub fn code(status: Option<Status>) -> u8 {
    match status {
        Some(Status::Ok) => 0,
        Some(Status::UnknownShow | Status::NotEnoughSeats | Status::BadSeats) => REFUSED,
        Some(Status::BadRequest | Status::Busy | Status::Unavailable | Status::Redirect) | None => {
            FAILED
        }
    }
}

/// The exit status of a program, after its error, if any, is on stderr as `PROGRAM: cannot VERB
/// OBJECT: CAUSE`.
///
/// A program whose reader has gone ends as `yes | head -1` does: by SIGPIPE, without a word. std has
/// had it ignored until here, so that the program could clean up first.
pub fn report(program: &str, result: anyhow::Result<u8>) -> ExitCode {
    match result {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            let status = match error.downcast_ref() {
                Some(Unprinted::Other(cause)) if cause.kind() == io::ErrorKind::BrokenPipe => {
                    // If it fails, the status below says enough.
                    let _ = sys::set_default(Signal::SIGPIPE).map(|()| raise(Signal::SIGPIPE));
                    return ExitCode::from(FAILED);
                }
                Some(Unprinted::Answer { .. }) => UNPRINTED,
                Some(Unprinted::Other(_)) | None => FAILED,
            };
            let causes: Vec<String> = error.chain().map(describe).collect();
            // One write: the words of another thread or process must not stand between ours.
            let line = format!("{program}: {}\n", causes.join(": "));
            // If stderr is closed there is nobody left to tell; the exit status still says it.
            let _ = io::stderr().write_all(line.as_bytes());
            ExitCode::from(status)
        }
    }
}

fn describe(cause: &(dyn std::error::Error + 'static)) -> String {
    cause.downcast_ref::<io::Error>().map_or_else(|| cause.to_string(), plain)
}

/// The system's words for an error, without the number that std adds.
pub fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    match error.raw_os_error() {
        Some(number) => text.trim_end_matches(&format!(" (os error {number})")).to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_reads_like_the_manual() {
        assert_eq!(plain(&io::Error::from_raw_os_error(2)), "No such file or directory");
        assert_eq!(plain(&io::Error::other("no answer")), "no answer");
    }

    #[test]
    fn refusals_and_failures_have_different_codes() {
        assert_eq!(code(Some(Status::Ok)), 0);
        assert_eq!(code(Some(Status::BadSeats)), 1);
        assert_eq!(code(Some(Status::BadRequest)), 2);
        assert_eq!(code(None), 2);
    }
}
