//! The end of a connection that we end: what has arrived is answered, and what comes later was not
//! done.
//!
//! The protocol, the same at a stop and to make room for another connection:
//!
//! 1. The registry sets a connection's [`Closing`], and then shuts its read side down, so that a
//!    thread that waits for a request wakes up.
//! 2. The thread counts the bytes that have arrived, and takes no others. It must count them: Linux
//!    goes on delivering after SHUT_RD, and a client that sends a request for each reply would never
//!    leave the socket empty. After `answer_until` it takes nothing at all.
//! 3. It answers what it has taken. Before reservations are decided, it waits for room for their
//!    replies, and only this wait is given up at `answer_until`. So nothing is cut off between a
//!    decision and its reply.
//! 4. It sends `status` with nonce 0: what has no reply by then was not done.
//! 5. It lingers: what still comes is discarded, until the client closes, or `linger_until`. The
//!    write side stays open meanwhile: a socket that is shut down both ways answers whatever arrives
//!    with a reset, as if it were closed. After the close the kernel delivers what is not read yet.
//!
//! What this cannot save: a client that sends on after `linger_until`, and has not read yet. Its
//! bytes reach a closed socket, and the reset takes replies that are on their way.
//!
//! This stops clients that always have requests in flight: `ending`
//! `a_stop_answers_all_that_it_has_decided`.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use common::protocol::reply::Status;

/// Where the registry tells the thread of a connection that it ends, and how.
pub type End = Arc<OnceLock<Closing>>;

/// Why a connection is ended, and how long that may take.
#[derive(Clone, Copy, Debug)]
pub struct Closing {
    /// What the client is told about requests without a reply.
    pub status: Status,
    /// Until when requests that have arrived are taken.
    pub answer_until: Instant,
    /// Until when the client may read the last replies.
    pub linger_until: Instant,
}

impl Closing {
    /// The end of a connection at a stop that takes what has arrived until `answer_max`, and ends
    /// after `stop_max`.
    pub(crate) fn of_stop(answer_max: Duration, stop_max: Duration) -> Closing {
        let now = Instant::now();
        Closing {
            status: Status::Unavailable,
            answer_until: now + answer_max,
            // The rest is for a decision that takes long: nothing is cut off before its reply.
            linger_until: now + (3 * answer_max + stop_max) / 4,
        }
    }
}
