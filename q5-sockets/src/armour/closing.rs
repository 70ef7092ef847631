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
//!    replies. So a thread that waits for room has decided nothing, and only such threads are cut
//!    off after `answer_until`.
//! 4. It sends `status` with nonce 0: what has no reply by then was not done.
//! 5. It lingers: what still comes is discarded, until the client closes, or `linger_until`.
//!
//! This stops clients that always have requests in flight: `ending`
//! `a_stop_answers_all_that_it_has_decided`.

use std::time::Instant;

use common::protocol::reply::Status;

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
