//! How a program ends: its exit status, and its last words.

use std::io::{self, Write};
use std::process::ExitCode;

use crate::reply::Status;

/// Exit status of a question that was answered, but not with what was asked for.
pub const REFUSED: u8 = 1;
/// Exit status of a usage or system error, a time-out, an unknown outcome, and statuses 4 to 7.
pub const FAILED: u8 = 2;

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
pub fn report(program: &str, result: anyhow::Result<u8>) -> ExitCode {
    match result {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            let causes: Vec<String> = error.chain().map(describe).collect();
            // One write: the words of another thread or process must not stand between ours.
            let line = format!("{program}: {}\n", causes.join(": "));
            // If stderr is closed there is nobody left to tell; the exit status still says it.
            let _ = io::stderr().write_all(line.as_bytes());
            ExitCode::from(FAILED)
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
