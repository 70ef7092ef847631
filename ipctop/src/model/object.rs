//! The objects that processes share.

use std::fmt;

use serde::Serialize;

/// Names an object: `pipe:DEV:INODE`, `msg:ID`, `shm:ID`, `sem:ID`, `socket:INODE`,
/// `file:DEV:INODE`, `mqueue:DEV:INODE`, `mutex:...`, `process:PID`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct ObjectId(pub String);

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl ObjectId {
    /// A pipe or FIFO.
    pub fn pipe(device: u64, inode: u64) -> ObjectId {
        ObjectId(format!("pipe:{device}:{inode}"))
    }
    /// A System V object: `msg`, `shm` or `sem`.
    pub fn system_v(kind: &str, id: i64) -> ObjectId {
        ObjectId(format!("{kind}:{id}"))
    }
    /// A socket.
    pub fn socket(inode: u64) -> ObjectId {
        ObjectId(format!("socket:{inode}"))
    }
    /// A regular file.
    pub fn file(device: u64, inode: u64) -> ObjectId {
        ObjectId(format!("file:{device}:{inode}"))
    }
    /// The kind: what stands before the first colon.
    pub fn kind(&self) -> &str {
        self.0.split(':').next().unwrap_or_default()
    }
}

/// One end of an object in one process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct End {
    /// The process.
    pub pid: i32,
    /// Its descriptor.
    pub descriptor: i32,
}

/// A pipe or FIFO.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Pipe {
    /// Its name here.
    pub id: ObjectId,
    /// The path of a FIFO.
    pub path: Option<String>,
    /// Whether the path is gone, or leads to another object.
    pub is_unlinked: bool,
    /// Who has an end to read from.
    pub readers: Vec<End>,
    /// Who has an end to write to.
    pub writers: Vec<End>,
    /// Bytes in it.
    pub bytes: Option<u64>,
    /// Bytes that it has room for.
    pub bytes_max: Option<u64>,
    /// By how many bytes it fills since the last look, per second; below 0 it empties. How many pass
    /// through, the kernel does not count.
    pub bytes_growth_per_s: Option<f64>,
    /// Whether anybody at all has an end to read from; the kernel's word, other users included.
    pub has_reader: Option<bool>,
    /// Whether anybody at all has an end to write to.
    pub has_writer: Option<bool>,
}

/// A System V message queue.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct MessageQueue {
    /// Its number.
    pub msqid: i64,
    /// Its key.
    pub key: i32,
    /// The file that ftok(3) makes this key of, if one is in sight.
    pub key_file: Option<String>,
    /// Permissions, the low 9 bits.
    pub mode: u32,
    /// Its owner.
    pub user: u32,
    /// Bytes in it.
    pub bytes: u64,
    /// Bytes that it may hold (msg_qbytes), if it may be read.
    pub bytes_max: Option<u64>,
    /// Messages in it.
    pub n_messages: u64,
    /// By how many messages it fills since the last look, per second; below 0 it empties. How many
    /// pass through, the kernel does not count.
    pub messages_growth_per_s: Option<f64>,
    /// The same in bytes.
    pub bytes_growth_per_s: Option<f64>,
    /// Who sent last.
    pub last_sender: i32,
    /// Who received last.
    pub last_receiver: i32,
    /// Seconds since 1970 of the last change by msgget or msgctl.
    pub changed_s: u64,
    /// Its messages, the oldest first, if they could be copied; none is removed.
    pub messages: Option<Vec<Message>>,
}

/// A message in a queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Message {
    /// Its type.
    pub mtype: i64,
    /// Its length.
    pub bytes: u64,
    /// A number that differs for different texts.
    pub digest: u64,
    /// What it says, if it is a message of the box office.
    pub meaning: Option<String>,
    /// Its first bytes, if messages were asked for.
    pub text: Option<String>,
}

/// A System V shared memory segment.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Segment {
    /// Its number.
    pub shmid: i64,
    /// Its key.
    pub key: i32,
    /// Permissions and the flags SHM_DEST (0o1000) and SHM_LOCKED (0o2000).
    pub mode: u32,
    /// Its owner.
    pub user: u32,
    /// Its size.
    pub bytes: u64,
    /// Who made it.
    pub maker: i32,
    /// Who attached or detached it last.
    pub last_user: i32,
    /// How many attachments it has.
    pub n_attached: u64,
    /// Who has attached it, as far as that can be seen.
    pub attached: Vec<i32>,
    /// Whether it goes with its last attachment.
    pub is_removed: bool,
}

/// A System V semaphore set.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SemaphoreSet {
    /// Its number.
    pub semid: i64,
    /// Its key.
    pub key: i32,
    /// Its owner.
    pub user: u32,
    /// Its semaphores, if they may be read.
    pub values: Option<Vec<Semaphore>>,
}

/// One semaphore.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Semaphore {
    /// Its value.
    pub value: i32,
    /// Who changed it last.
    pub last: i32,
    /// Threads that wait for it to grow.
    pub n_growing: i32,
    /// Threads that wait for it to become zero.
    pub n_zero: i32,
}

/// A POSIX message queue, shared memory object or semaphore.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct PosixObject {
    /// Its name here.
    pub id: ObjectId,
    /// `mqueue`, `shm` or `sem`.
    pub kind: String,
    /// Its name, which begins with a slash.
    pub name: String,
    /// Whether the name is gone.
    pub is_unlinked: bool,
    /// Its size; of a queue, the bytes of one message at most.
    pub bytes: u64,
    /// Messages in a queue; the value of a semaphore.
    pub value: Option<u64>,
    /// Messages that a queue may hold.
    pub value_max: Option<u64>,
    /// Who uses it, as far as that can be seen.
    pub users: Vec<i32>,
}

/// A socket.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Socket {
    /// Its inode.
    pub inode: u64,
    /// `tcp` or `unix`.
    pub family: String,
    /// `listen`, `established`, `close-wait`, ... in the words of ss(8).
    pub state: String,
    /// Its own address, or name.
    pub local: String,
    /// The address of its peer.
    pub remote: String,
    /// Bytes that nobody has read yet; of a listener, connections that nobody has accepted.
    pub receive_queue: u64,
    /// Bytes that the peer has not taken; of a listener, how many connections may wait.
    pub send_queue: u64,
    /// Bytes that it has received so far; TCP only.
    pub received_bytes: Option<u64>,
    /// Bytes that it has sent so far and its peer has acknowledged; TCP only.
    pub sent_bytes: Option<u64>,
    /// Bytes received since the last look, per second.
    pub received_per_s: Option<f64>,
    /// Bytes sent since the last look, per second.
    pub sent_per_s: Option<f64>,
    /// Retransmissions or zero-window probes without an answer so far.
    pub retries: u64,
    /// The processes that have it.
    pub owners: Vec<i32>,
    /// The inode of the other end, if it is on this machine.
    pub peer: Option<u64>,
    /// The processes that have the other end.
    pub peers: Vec<i32>,
    /// Whether the other end is certainly gone, without a word.
    pub peer_is_gone: bool,
    /// It has been like this at least so long, in milliseconds.
    pub still_ms: u64,
}
