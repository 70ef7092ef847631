//! What a client with many connections sends and receives: the box office's bytes, bare ones, or those
//! of Redis.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;

use anyhow::{Context, bail, ensure};
use clap::ValueEnum;
use common::protocol::record::MAGIC;
use common::protocol::reply::{REPLY_SIZE, Status};
use common::protocol::request::{Kind, Request};
use zerocopy::{FromZeros, IntoBytes};

use crate::baseline::wire as bare;
use crate::results::group::Question;
use crate::target::peers::{redis, start};

/// Where a request and a reply have their nonce.
const NONCE_AT: usize = 8;
/// Where a reply has its status.
const STATUS_AT: usize = 4;
/// The longest line of Redis that a reply here begins with.
const LINE_MAX: usize = 64;

/// What travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Wire {
    /// Requests and replies of the protocol.
    BoxOffice,
    /// As many bytes, which nobody reads.
    Bare,
    /// GET, and a script that takes a seat if it is there.
    Redis,
}

impl Wire {
    /// What a connection begins with: who must say a password says it.
    ///
    /// # Errors
    /// If it is refused.
    pub fn greet(self, stream: &mut TcpStream, dir: &Path) -> anyhow::Result<()> {
        match self {
            Wire::BoxOffice | Wire::Bare => Ok(()),
            Wire::Redis => {
                let password = start::password(dir)?;
                stream.write_all(&redis::command(&["AUTH", &password])).context("cannot greet")?;
                let mut answer = [0; b"+OK\r\n".len()];
                stream.read_exact(&mut answer).context("cannot be let in")?;
                ensure!(&answer == b"+OK\r\n", "it does not let us in");
                Ok(())
            }
        }
    }

    /// The bytes of a request about a show; reservations take one seat.
    pub fn request(self, question: Question, show: i32) -> Vec<u8> {
        match self {
            Wire::BoxOffice => {
                let mut request = Request::new_zeroed();
                request.magic = MAGIC;
                request.client = (std::process::id() as i32).into();
                request.kind = (kind(question) as i32).into();
                request.show = show.into();
                request.seats = 1.into();
                request.as_bytes().to_vec()
            }
            Wire::Bare => bare::request(question, 0).to_vec(),
            Wire::Redis => redis::question(question, show),
        }
    }

    /// Has the request carry this nonce, if it carries one.
    pub fn set_nonce(self, request: &mut [u8], nonce: u64) {
        if self == Wire::BoxOffice {
            request[NONCE_AT..NONCE_AT + 8].copy_from_slice(&nonce.to_le_bytes());
        }
    }

    /// How long the reply is that begins with these bytes; None if they do not say yet.
    ///
    /// # Errors
    /// If they begin no reply.
    pub fn reply_size(self, question: Question, bytes: &[u8]) -> anyhow::Result<Option<usize>> {
        match self {
            Wire::BoxOffice | Wire::Bare => Ok(Some(bare::size_of_reply(question))),
            Wire::Redis => redis_size(bytes),
        }
    }

    /// Whether a whole reply says yes to the request with this nonce.
    ///
    /// # Errors
    /// If it does not, or is not the answer to this request.
    pub fn judge(self, nonce: u64, reply: &[u8]) -> anyhow::Result<()> {
        match self {
            Wire::Bare => Ok(()),
            Wire::BoxOffice => {
                let number = |at: usize| i32::from_le_bytes(four(&reply[at..at + 4]));
                ensure!(reply.len() >= REPLY_SIZE && reply[..4] == MAGIC, "that is no reply");
                ensure!(
                    reply[NONCE_AT..NONCE_AT + 8] == nonce.to_le_bytes(),
                    "a reply came to a connection that did not ask for it"
                );
                let status = number(STATUS_AT);
                ensure!(status == Status::Ok as i32, "the server answers with status {status}");
                Ok(())
            }
            Wire::Redis => {
                let is_yes = matches!(reply, [b':', b'0'..=b'9', ..] | [b'$', b'0'..=b'9', ..]);
                ensure!(is_yes, "Redis answers {}", String::from_utf8_lossy(reply).trim_end());
                Ok(())
            }
        }
    }
}

fn kind(question: Question) -> Kind {
    match question {
        Question::List => Kind::List,
        Question::View => Kind::View,
        Question::Reserve => Kind::Reserve,
    }
}

fn four(bytes: &[u8]) -> [u8; 4] {
    bytes.try_into().expect("these are four bytes")
}

/// A line, or for `$` a line that says how many bytes follow it.
fn redis_size(bytes: &[u8]) -> anyhow::Result<Option<usize>> {
    let Some(end) = bytes.windows(2).position(|two| two == b"\r\n") else {
        if bytes.first() != Some(&b'-') && bytes.len() > LINE_MAX {
            bail!("Redis answers a line without an end");
        }
        return Ok(None);
    };
    let line = end + 2;
    if bytes[0] != b'$' {
        return Ok(Some(line));
    }
    let size = std::str::from_utf8(&bytes[1..end]).context("Redis answers no number")?;
    match size.parse::<i64>().context("Redis answers no number")? {
        -1 => Ok(Some(line)),
        size => Ok(Some(line + usize::try_from(size).context("Redis answers no size")? + 2)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_of_redis_is_whole_when_all_its_bytes_are_there() {
        for (whole, size) in [(&b"$5\r\n12345\r\n"[..], 11), (b":41\r\n", 5), (b"$-1\r\n", 5)] {
            for end in 0..=whole.len() {
                let known = redis_size(&whole[..end]).unwrap();
                let has_line = whole[..end].contains(&b'\n');
                assert_eq!(known, has_line.then_some(size), "{end} bytes of {whole:?}");
            }
        }
        assert!(redis_size(&[b'1'; LINE_MAX + 1]).is_err());
    }

    #[test]
    fn only_a_yes_to_this_request_is_one() {
        let redis = |reply: &[u8]| Wire::Redis.judge(0, reply).is_ok();
        assert!(redis(b":7\r\n") && redis(b"$1\r\n7\r\n"));
        assert!(!redis(b":-1\r\n") && !redis(b"$-1\r\n") && !redis(b"-NOSCRIPT\r\n"));
        let mut reply = [0; REPLY_SIZE];
        reply[..4].copy_from_slice(&MAGIC);
        reply[NONCE_AT] = 9;
        assert!(Wire::BoxOffice.judge(9, &reply).is_ok());
        assert!(Wire::BoxOffice.judge(8, &reply).unwrap_err().to_string().contains("not ask"));
        reply[STATUS_AT] = Status::Busy as u8;
        assert!(Wire::BoxOffice.judge(9, &reply).is_err());
    }
}
