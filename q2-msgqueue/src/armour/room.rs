//! How many requests may wait: fewer beside somebody who floods.

use std::io;

use common::office::BATCH_MAX;
use common::request::REQUEST_SIZE;
use tracing::warn;

use crate::queue::Queue;

/// Bytes of requests that may wait beside a flood: everybody else waits behind whatever fits.
const LITTLE: u64 = (BATCH_MAX * REQUEST_SIZE) as u64;
/// So many requests wait if somebody sends without a pause.
const CROWDED: u64 = BATCH_MAX as u64 / 2;

/// The room in the request queue.
#[derive(Debug)]
pub(crate) struct Room {
    requests: Queue,
    /// Bytes that may wait at other times.
    all: u64,
}

impl Room {
    /// The room there is now.
    pub(crate) fn new(requests: Queue) -> io::Result<Room> {
        let all = requests.load()?.capacity;
        Ok(Room { requests, all })
    }

    /// Lets few requests wait once there are many while replies find no room: whoever does not read
    /// may well be the one that sends them. Lets all wait again when there are none.
    ///
    /// While nobody waits the room is not left small: a message of more bytes is never sent, and its
    /// sender would sleep for ever.
    pub(crate) fn adapt(&mut self, is_congested: bool) -> io::Result<()> {
        // Nobody waits in a queue that is gone.
        let Ok(load) = self.requests.load() else { return Ok(()) };
        let wanted = if !is_congested || load.messages == 0 {
            self.all
        } else if load.messages >= CROWDED {
            LITTLE.min(self.all)
        } else {
            return Ok(());
        };
        // Little is said again in every round: it wakes who sleeps at the queue, and somebody who has
        // had no luck for long is then in sooner (measured).
        if wanted == self.all && load.capacity == self.all {
            return Ok(());
        }
        match self.requests.limit(wanted) {
            // Somebody has lowered msgmnb since the start.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                warn!("cannot let more requests wait: {error}");
                self.all = load.capacity;
                Ok(())
            }
            result => result,
        }
    }
}
