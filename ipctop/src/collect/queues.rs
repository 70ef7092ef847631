//! System V message queues: limits, and copies of their messages, none of which is removed.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::io;

use crate::clean::clean_bytes;
use crate::collect::notes::Notes;
use crate::collect::office;
use crate::model::object::{Message, MessageQueue};
use crate::sys;

/// Messages of one queue that are copied; 512 requests fill a queue of the usual size.
const COPIED_MAX: usize = 600;
/// Bytes of a message that are shown.
const SHOWN_MAX: usize = 64;

/// Completes what the table says of a queue.
pub(crate) fn complete(
    queue: &mut MessageQueue,
    buffer: &mut Vec<u64>,
    peeks: bool,
    notes: &mut Notes,
) {
    match sys::msgctl_stat(queue.msqid as i32) {
        Ok(status) => queue.bytes_max = Some(status.bytes_max),
        Err(error) if is_denied(&error) => notes.add("queues-hidden"),
        // It has just been removed.
        Err(_) => return,
    }
    if queue.n_messages == 0 {
        queue.messages = queue.bytes_max.map(|_| Vec::new());
        return;
    }
    let mut messages = Vec::new();
    while messages.len() < COPIED_MAX {
        match sys::msgrcv_copy(queue.msqid as i32, messages.len(), buffer) {
            Ok(copied) => messages.push(message(&copied, peeks)),
            Err(error) if error.raw_os_error() == Some(libc::ENOMSG) => break,
            Err(error) if is_denied(&error) => return,
            Err(error) if error.raw_os_error() == Some(libc::ENOSYS) => {
                notes.add("messages-cannot-be-copied");
                return;
            }
            Err(_) => break,
        }
    }
    if messages.len() == COPIED_MAX {
        notes.add("messages-not-listed");
    }
    queue.messages = Some(messages);
}

fn is_denied(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::PermissionDenied
}

fn message(copied: &sys::Copied, peeks: bool) -> Message {
    let mut hasher = DefaultHasher::new();
    copied.text.hash(&mut hasher);
    // C programs send the whole of a buffer: what stands behind the text are NULs.
    let end = copied.text.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
    let shown = &copied.text[..end.min(SHOWN_MAX)];
    Message {
        mtype: copied.mtype,
        bytes: copied.text.len() as u64,
        // Fits into the integers of JSON readers that have only doubles.
        digest: hasher.finish() >> 11,
        meaning: office::meaning(&copied.text),
        text: peeks.then(|| clean_bytes(shown)),
    }
}
