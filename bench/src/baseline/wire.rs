//! The bytes of a bare exchange: as many as a stage's, and only what a bare server must know of them.

use std::io::{Write, stdout};

use anyhow::Context;
use common::protocol::reply::{REPLY_MAX, REPLY_SIZE};
use common::protocol::request::REQUEST_SIZE;

use crate::results::group::Question;

/// Where a request says its kind: LIST has the long reply.
const KIND_AT: usize = 16;
/// Where it says whose it is.
const CLIENT_AT: usize = 4;
/// The kind of a LIST, of a VIEW and of a RESERVE.
const LIST: u8 = 1;
const VIEW: u8 = 2;
const RESERVE: u8 = 3;

/// The request's bytes: what a stage's client sends, as far as a bare server reads it.
pub(crate) fn request(question: Question, client: i32) -> [u8; REQUEST_SIZE] {
    let mut bytes = [0; REQUEST_SIZE];
    bytes[CLIENT_AT..CLIENT_AT + 4].copy_from_slice(&client.to_le_bytes());
    bytes[KIND_AT] = match question {
        Question::List => LIST,
        Question::View => VIEW,
        Question::Reserve => RESERVE,
    };
    bytes
}

/// Whose request it is.
pub(super) fn client(request: &[u8]) -> i32 {
    let bytes = request[CLIENT_AT..CLIENT_AT + 4].try_into();
    i32::from_le_bytes(bytes.expect("these are four bytes"))
}

/// Whether a request is a RESERVE.
pub(super) fn is_reservation(request: &[u8]) -> bool {
    request[KIND_AT] == RESERVE
}

/// How long the reply to a request is.
pub(super) fn reply_size(request: &[u8]) -> usize {
    if request[KIND_AT] == LIST { REPLY_MAX } else { REPLY_SIZE }
}

/// How long the reply to a question is.
pub(crate) fn size_of_reply(question: Question) -> usize {
    if question == Question::List { REPLY_MAX } else { REPLY_SIZE }
}

/// Prints the same line as a stage's server.
pub(super) fn ready(address: &str) -> anyhow::Result<()> {
    let mut stdout = stdout().lock();
    writeln!(stdout, "ready bare {address}")
        .and_then(|()| stdout.flush())
        .context("cannot write the ready line")
}
