//! How many requests may wait: fewer beside somebody who floods.

use std::io;

use common::office::BATCH_MAX;
use common::request::REQUEST_SIZE;

use crate::queue::Queue;

/// Bytes of requests that may wait beside a flood: everybody else waits behind whatever fits.
const LITTLE: u64 = (BATCH_MAX * REQUEST_SIZE) as u64;
/// So many requests wait if somebody sends without a pause.
const CROWDED: u64 = BATCH_MAX as u64 / 2;

/// The room in the request queue.
#[derive(Debug)]
pub(crate) struct Room {
    requests: Queue,
    /// Bytes that may wait else.
    all: u64,
}

impl Room {
    /// The room there is now.
    pub(crate) fn new(requests: Queue) -> io::Result<Room> {
        let all = requests.load()?.capacity;
        Ok(Room { requests, all })
    }

    /// Lets few requests wait once there are many while replies are kept: whoever does not read may
    /// well be the one that sends them. Lets all wait again when there are none.
    ///
    /// Not few for as long as replies are kept: a message of more bytes than may wait is never sent,
    /// and its sender sleeps for ever.
    pub(crate) fn adapt(&self, is_behind: bool) -> io::Result<()> {
        // Nobody waits in a queue that is gone.
        let waiting = self.requests.load().map_or(0, |load| load.messages);
        if waiting == 0 || !is_behind {
            self.requests.limit(self.all)
        } else if waiting >= CROWDED {
            self.requests.limit(LITTLE.min(self.all))
        } else {
            Ok(())
        }
    }
}
