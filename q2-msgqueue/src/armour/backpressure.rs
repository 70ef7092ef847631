//! Fewer requests may wait while replies find the queue full: everybody waits behind those that a
//! flood has sent.
//!
//! Stops: `queues::while_somebody_floods_and_does_not_read_few_requests_can_wait`.

use std::io;

use common::booking::office::BATCH_MAX;
use common::protocol::request::REQUEST_SIZE;
use tracing::warn;

use crate::queue::Queue;

/// Bytes of requests that may wait during a flood.
const FLOOD_CAPACITY: u64 = (BATCH_MAX * REQUEST_SIZE) as u64;
/// From this many waiting requests on, somebody sends without a pause.
const FLOOD_MESSAGES: u64 = BATCH_MAX as u64 / 2;

/// The limit on the request queue.
#[derive(Debug)]
pub(crate) struct Backpressure {
    requests: Queue,
    /// Bytes that may wait at other times.
    full_capacity: u64,
}

impl Backpressure {
    /// Remembers the capacity that the queue has now.
    pub(crate) fn new(requests: Queue) -> io::Result<Backpressure> {
        let full_capacity = requests.load()?.capacity;
        Ok(Backpressure { requests, full_capacity })
    }

    /// Limits the queue when many requests wait while replies are congested: the client that does
    /// not read may be the one that sends them. Lifts the limit when the congestion is over or no
    /// request waits.
    ///
    /// An empty queue must not stay limited. A message longer than the limit could never be sent,
    /// and its sender would sleep for ever.
    pub(crate) fn adapt(&mut self, is_congested: bool) -> io::Result<()> {
        // Nobody waits in a queue that is gone.
        let Ok(load) = self.requests.load() else { return Ok(()) };
        let wanted = if !is_congested || load.messages == 0 {
            self.full_capacity
        } else if load.messages >= FLOOD_MESSAGES {
            FLOOD_CAPACITY.min(self.full_capacity)
        } else {
            return Ok(());
        };
        // The low limit is set again in every round. Each time the kernel wakes the senders that
        // sleep, so that one that has waited for long gets in sooner (measured).
        if wanted == self.full_capacity && load.capacity == self.full_capacity {
            return Ok(());
        }
        match self.requests.limit(wanted) {
            // Somebody has lowered msgmnb since the start.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                warn!("cannot let more requests wait: {error}");
                self.full_capacity = load.capacity;
                Ok(())
            }
            result => result,
        }
    }
}
