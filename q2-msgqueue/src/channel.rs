//! Two message queues: one for requests, typed by their class, and one for replies, typed by their
//! client.
//!
//! One queue both ways would not do. When it is full, clients and workers wait for each other for
//! ever. A reply to the client with PID 1 or 2 is taken for a request. And `msgrcv(0)` in the server
//! takes replies.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, anyhow, bail};
use common::booking::office::BATCH_MAX;
use common::client::hint;
use common::program::directory::{self, open_file};
use common::program::exit::plain;
use common::program::process;
use common::protocol::request::Request;
use common::server::lock::{self, Holder, Lock};
use zerocopy::IntoBytes;

use crate::PACKAGE;
use crate::armour::leftovers;
use crate::armour::limits;
use crate::queue::{Queue, Received, Wait, Which, is_gone};
use crate::sys;

/// The file whose inode gives the keys. It is made once and never removed, since a new file may have
/// another inode.
pub const KEY_FILE: &str = "queue.key";
/// ftok's project number of the request queue.
pub const REQUESTS: u8 = b'Q';
/// ftok's project number of the reply queue.
pub const REPLIES: u8 = b'R';

/// The class of a request: its message type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestClass {
    /// LIST and VIEW.
    Consultation = 1,
    /// RESERVE.
    Reservation = 2,
}

/// What there was to receive.
#[derive(Debug)]
pub enum Incoming {
    /// A request, legal or not; its client can be answered.
    Request(Request),
    /// Nothing yet.
    Nothing,
    /// A message that names no client: it was dropped and counted.
    Dropped,
    /// The queue is gone: the server stops.
    Closed,
}

/// The two queues of a server.
#[derive(Debug)]
pub struct Channel {
    /// From the clients.
    pub requests: Queue,
    /// To the clients.
    pub replies: Queue,
    /// Messages that were dropped: a client below 1 cannot be answered.
    anonymous: AtomicU64,
}

impl Channel {
    /// Removes what a dead server of DIR left, then makes new queues.
    ///
    /// # Errors
    /// Says which program's queue has the key, or which limit of the system is too low.
    pub fn create(dir: &Path, lock: &mut Lock) -> anyhow::Result<Channel> {
        limits::check()?;
        let key_file = dir.join(KEY_FILE);
        open_file(&key_file, true)
            .with_context(|| format!("cannot open {}", key_file.display()))?;
        common::server::leftovers::remove(dir, lock)?;
        // Requests are received by a server, and replies are sent by it.
        let requests =
            leftovers::create(key(&key_file, REQUESTS)?, lock, |status| status.msg_lrpid)?;
        let replies = leftovers::create(key(&key_file, REPLIES)?, lock, |status| status.msg_lspid)?;
        Ok(Channel { requests, replies, anonymous: AtomicU64::new(0) })
    }

    /// Finds the queues of the server of DIR.
    ///
    /// # Errors
    /// If no server runs there: says how to start one.
    pub fn open(dir: &Path) -> anyhow::Result<Channel> {
        let holder = lock::holder(dir).unwrap_or_default();
        // Every stage with queues uses this client.
        let stage = holder.as_ref().filter(|holder| leftovers::names_queues(&holder.objects));
        let stage = stage.map_or(PACKAGE, |holder| &holder.package);
        let hint = hint::next_step(dir, holder.as_ref(), stage);
        let explain = |path: &Path, error: &io::Error| {
            let hint = hint::no_server(error, dir, holder.as_ref(), stage);
            anyhow!("cannot open {}: {}{hint}", path.display(), plain(error))
        };
        if let Err(error) = dir.metadata() {
            return Err(explain(dir, &error));
        }
        directory::check(dir)?;
        hint::check_queues(dir, holder.as_ref())?;
        hint::check_processes(dir, holder.as_ref())?;
        let key_file = dir.join(KEY_FILE);
        let find = |project| {
            let key = sys::ftok(&key_file, project).map_err(|error| explain(&key_file, &error))?;
            let object = || format!("message queue {key:#010x}");
            let queue = Queue::open(key).map_err(|error| {
                let hint = hint::no_queue(&error, dir, holder.as_ref(), stage);
                anyhow!("cannot open {}: {}{hint}", object(), plain(&error))
            })?;
            // A queue outlives its server.
            if let Some(Holder { pid, .. }) = &holder
                && !process::is_alive(*pid)
            {
                bail!("cannot open {}: its server, process {pid}, is dead{hint}", object());
            }
            // The key has 16 bits of the inode only: the queue may be another directory's.
            if let Some(holder) = &holder
                && !leftovers::is_recorded(&holder.objects, key, queue.id())
            {
                bail!("{} (id {}) belongs to another program{hint}", object(), queue.id());
            }
            Ok(queue)
        };
        Ok(Channel {
            requests: find(REQUESTS)?,
            replies: find(REPLIES)?,
            anonymous: AtomicU64::new(0),
        })
    }

    /// Looks whether both queues are still there; returns how many replies wait to be read.
    ///
    /// # Errors
    /// Says which queue somebody has removed.
    pub fn check(&self) -> anyhow::Result<u64> {
        let look = |queue: &Queue| {
            let (key, id) = (queue.key(), queue.id());
            queue.load().map_err(|error| match is_gone(&error) {
                true => anyhow!(
                    "somebody has removed message queue {key:#010x} id {id} (ipcrm, or RemoveIPC of \
                     logind at a logout)"
                ),
                false => anyhow!(error).context("cannot look at a message queue"),
            })
        };
        look(&self.requests)?;
        Ok(look(&self.replies)?.messages)
    }

    /// Handles to the same queues, for another thread: they remove nothing when they are dropped.
    pub fn handle(&self) -> Channel {
        Channel {
            requests: self.requests.handle(),
            replies: self.replies.handle(),
            anonymous: AtomicU64::new(0),
        }
    }

    /// Sends a request, with its class as the type; waits while the queue is full.
    ///
    /// # Errors
    /// EINTR, EIDRM or EINVAL if the server is gone. See msgsnd(2).
    pub fn send(&self, class: RequestClass, request: &Request) -> io::Result<()> {
        self.requests.send(class as i64, request.as_bytes(), Wait::Yes)
    }

    /// The next request of `class`, in the order in which they were sent.
    ///
    /// The consultation worker receives every type but 2, and refuses unknown types. If it received
    /// type 1 only, messages of other types would stay, and 512 of them fill the queue for ever.
    ///
    /// # Errors
    /// Those that do not mean the end of the queue. See msgrcv(2).
    pub fn receive(&self, class: RequestClass, wait: Wait) -> io::Result<Incoming> {
        let which = match class {
            RequestClass::Consultation => Which::Except(RequestClass::Reservation as i64),
            RequestClass::Reservation => Which::Only(RequestClass::Reservation as i64),
        };
        match self.next(which, wait) {
            Ok(Some((_, request))) if request.is_anonymous() => Ok(Incoming::Dropped),
            Ok(Some((_, request))) => Ok(Incoming::Request(request)),
            Ok(None) => Ok(Incoming::Nothing),
            Err(error) if is_gone(&error) => Ok(Incoming::Closed),
            Err(error) => Err(error),
        }
    }

    /// The next request of any class, with its class, in the order in which they were sent; waits for
    /// it. None if the queue is gone: the server stops.
    ///
    /// # Errors
    /// As [`Channel::receive`].
    pub fn receive_any(&self) -> io::Result<Option<(RequestClass, Request)>> {
        loop {
            match self.next(Which::All, Wait::Yes) {
                Ok(Some((_, request))) if request.is_anonymous() => {}
                Err(error) if is_gone(&error) => return Ok(None),
                result => return result,
            }
        }
    }

    /// The next message; counts it if it names no client that could be answered.
    fn next(&self, which: Which, wait: Wait) -> io::Result<Option<(RequestClass, Request)>> {
        let mut received = Received::default();
        loop {
            match self.requests.receive_into(&mut received, which, wait) {
                Ok(true) => {}
                Ok(false) => return Ok(None),
                Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
                Err(_) if wait == Wait::UntilSignal => return Ok(None),
                Err(_) => continue,
            }
            let request = request(&received);
            self.anonymous.fetch_add(request.is_anonymous().into(), Ordering::Relaxed);
            return Ok(Some((class(&received), request)));
        }
    }

    /// Fills `batch` with the waiting requests of `class`, 64 messages at most: a bound on the time
    /// that the first one waits for the others. Waits only for the first. Returns false if the queue
    /// is gone.
    ///
    /// # Errors
    /// As [`Channel::receive`].
    pub fn receive_batch(
        &self,
        class: RequestClass,
        wait: Wait,
        batch: &mut Vec<Request>,
    ) -> io::Result<bool> {
        batch.clear();
        let mut wait = wait;
        for _ in 0..BATCH_MAX {
            match self.receive(class, wait)? {
                Incoming::Request(request) => batch.push(request),
                Incoming::Dropped => {}
                Incoming::Nothing => break,
                // The batch is answered first; the next call returns false.
                Incoming::Closed => return Ok(!batch.is_empty()),
            }
            wait = Wait::No;
        }
        Ok(true)
    }

    /// Messages that were dropped because they named no client.
    pub fn anonymous(&self) -> u64 {
        self.anonymous.load(Ordering::Relaxed)
    }
}

/// The class of a message: an unknown type counts as a consultation.
fn class(received: &Received) -> RequestClass {
    if received.mtype() == RequestClass::Reservation as i64 {
        RequestClass::Reservation
    } else {
        RequestClass::Consultation
    }
}

/// The request in a message; one of an unknown type belongs to no class and is made illegal.
pub fn request(received: &Received) -> Request {
    let request = Request::from_received(received.bytes());
    let is_for = |class| received.mtype() == class as i64;
    let is_known = is_for(RequestClass::Consultation) || is_for(RequestClass::Reservation);
    if is_known { request } else { request.without_magic() }
}

fn key(key_file: &Path, project: u8) -> anyhow::Result<i32> {
    sys::ftok(key_file, project)
        .with_context(|| format!("cannot make a key of {}", key_file.display()))
}
