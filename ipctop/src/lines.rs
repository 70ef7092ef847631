//! One line for each thing: the words that the text and the screen share.

use std::collections::BTreeMap;

use crate::model::look::Look;
use crate::model::object::{End, MessageQueue, Pipe, PosixObject, Segment, SemaphoreSet, Socket};
use crate::model::office::Office;
use crate::model::process::{Process, Thread, Wait};
use crate::model::system::FileLock;

/// The processes as a tree, each with its threads.
pub fn processes(look: &Look) -> Vec<String> {
    let tree = tree(look);
    tree.into_iter().flat_map(|(depth, process)| block(look, depth, process)).collect()
}

/// The processes in the order of a tree: parents before children.
pub fn tree(look: &Look) -> Vec<(usize, &Process)> {
    let mut ordered = Vec::new();
    let mut children = BTreeMap::<i32, Vec<&Process>>::new();
    for process in &look.processes {
        // That of a process whose parent is not in sight is 0, the PID of none.
        let parent = look.process(process.parent).map_or(0, |parent| parent.pid);
        children.entry(parent).or_default().push(process);
    }
    let below = |pid| children.get(&pid).into_iter().flatten().rev();
    let mut stack: Vec<(usize, &Process)> = below(0).map(|&process| (0, process)).collect();
    while let Some((depth, process)) = stack.pop() {
        ordered.push((depth, process));
        stack.extend(below(process.pid).map(|&child| (depth + 1, child)));
    }
    ordered
}

fn block(look: &Look, depth: usize, process: &Process) -> Vec<String> {
    let indent = "  ".repeat(depth.min(8));
    let mut lines = vec![format!("{indent}{}", process_line(look, process))];
    for thread in process.threads.iter().filter(|thread| thread.tid != process.pid) {
        let wait = wait(look, thread);
        lines.push(format!("{indent}  - {} {} {} {wait}", thread.tid, thread.name, thread.state));
    }
    lines
}

/// A process in one line.
pub fn process_line(look: &Look, process: &Process) -> String {
    let mut line = format!("{} {} {}", process.pid, process.name, process.state);
    if let Some(first) = process.threads.iter().find(|thread| thread.tid == process.pid) {
        line += &format!(" {}", wait(look, first));
    }
    if let Some(percent) = process.cpu_percent.filter(|&percent| percent >= 0.1) {
        line += &format!(" {percent:.1}%");
    }
    if let Some(switches) = process.switches_per_s.filter(|&switches| switches >= 1.0) {
        line += &format!(" {switches:.0} sw/s");
    }
    line += &flow(process.read_per_s, process.written_per_s);
    if let Some(memory) = process.memory {
        line += &format!(" {} KiB", memory.private_dirty_kib);
    }
    line.trim_end().to_owned()
}

/// What comes in and goes out each second.
fn flow(incoming: Option<f64>, outgoing: Option<f64>) -> String {
    let one = |word: &str, rate: Option<f64>| match rate {
        Some(rate) if rate >= 1e6 => format!(" {word} {:.1} MB/s", rate / 1e6),
        Some(rate) if rate >= 1e3 => format!(" {word} {:.1} kB/s", rate / 1e3),
        Some(rate) if rate >= 1.0 => format!(" {word} {rate:.0} B/s"),
        _ => String::new(),
    };
    one("in", incoming) + &one("out", outgoing)
}

/// By how much a pipe or queue fills or empties each second.
fn growth(rate: Option<f64>) -> String {
    let rate = rate.filter(|rate| rate.abs() >= 1.0);
    rate.map_or_else(String::new, |rate| format!(" ({rate:+.0}/s)"))
}

/// The call that a thread waits in, its object, and for how long at least.
pub fn wait(look: &Look, thread: &Thread) -> String {
    let Some(wait) = &thread.wait else { return String::new() };
    let mut text = wait.call.clone();
    if let Some(mtype) = wait.message_type {
        text += &format!(" type {}{mtype}", if wait.is_except { "not " } else { "" });
    }
    text += &objects(look, wait);
    if thread.still_ms >= 1000 {
        text += &format!(" >= {} s", thread.still_ms / 1000);
    } else if thread.still_ms > 0 {
        text += &format!(" >= {} ms", thread.still_ms);
    }
    text
}

fn objects(look: &Look, wait: &Wait) -> String {
    let names: Vec<String> = wait.on.iter().take(4).map(|want| name(look, &want.object)).collect();
    let more = if wait.on.len() > 4 { ", ..." } else { "" };
    let path = wait.path.iter().map(|path| format!(" {path}"));
    let names = if names.is_empty() || wait.path.is_some() {
        String::new()
    } else {
        format!(" {}{more}", names.join(", "))
    };
    names + &path.collect::<String>()
}

/// What a user would call an object.
pub fn name(look: &Look, id: &crate::model::object::ObjectId) -> String {
    let found = match id.kind() {
        "pipe" => look.pipes.iter().find(|pipe| pipe.id == *id).map(Pipe::name),
        "msg" => look.queues.iter().find(|queue| queue.id() == *id).map(MessageQueue::name),
        "socket" => look.sockets.iter().find(|socket| socket.id() == *id).map(Socket::name),
        _ => None,
    };
    found.unwrap_or_else(|| id.0.strip_prefix("path:").unwrap_or(&id.0).to_owned())
}

fn ends(look: &Look, ends: &[End]) -> String {
    let mut pids: Vec<i32> = ends.iter().map(|end| end.pid).collect();
    pids.dedup();
    users(look, &pids)
}

fn users(look: &Look, pids: &[i32]) -> String {
    let label = |&pid: &i32| look.process(pid).map_or_else(|| format!("({pid})"), Process::label);
    let labels: Vec<String> = pids.iter().map(label).collect();
    if labels.is_empty() { "-".to_owned() } else { labels.join(", ") }
}

fn of(used: Option<u64>, max: Option<u64>) -> String {
    let show = |value: Option<u64>| value.map_or_else(|| "?".to_owned(), |value| value.to_string());
    format!("{} / {}", show(used), show(max))
}

/// A pipe.
pub fn pipe(look: &Look, pipe: &Pipe) -> String {
    let gone = if pipe.is_unlinked { " (unlinked)" } else { "" };
    let (from, to) = (ends(look, &pipe.writers), ends(look, &pipe.readers));
    let grows = growth(pipe.bytes_growth_per_s);
    format!("{}{gone} {} B{grows}: {from} -> {to}", pipe.name(), of(pipe.bytes, pipe.bytes_max))
}

/// A queue, and a line for each type of message in it.
pub fn queue(queue: &MessageQueue) -> Vec<String> {
    let file = queue.key_file.iter().map(|file| format!(", ftok of {file}")).collect::<String>();
    let bytes = of(Some(queue.bytes), queue.bytes_max);
    let (from, to) = (queue.last_sender, queue.last_receiver);
    let count = queue.n_messages;
    let grows = growth(queue.messages_growth_per_s);
    let mut lines =
        vec![format!("{} {bytes} B, {count} msg{grows}, last {from} -> {to}{file}", queue.name())];
    let mut types = BTreeMap::<i64, (usize, Option<&str>)>::new();
    for message in queue.messages.iter().flatten() {
        let entry = types.entry(message.mtype).or_default();
        *entry = (entry.0 + 1, message.meaning.as_deref());
    }
    for (mtype, (count, meaning)) in types {
        lines.push(format!("  type {mtype}: {count} {}", meaning.unwrap_or_default()));
    }
    lines
}

/// A segment.
pub fn segment(segment: &Segment) -> String {
    let removed = if segment.is_removed { ", removed" } else { "" };
    format!(
        "0x{:08x} (id {}) {} B, {} attached {:?}, maker {}{removed}",
        segment.key,
        segment.shmid,
        segment.bytes,
        segment.n_attached,
        segment.attached,
        segment.maker
    )
}

/// A semaphore set.
pub fn semaphores(set: &SemaphoreSet) -> String {
    let one = |s: &crate::model::object::Semaphore| {
        format!("{} (waiting {}, last {})", s.value, s.n_growing + s.n_zero, s.last)
    };
    let values: Vec<String> = set.values.iter().flatten().take(16).map(one).collect();
    format!("0x{:08x} (id {}) {}", set.key, set.semid, values.join(" "))
}

/// A POSIX object.
pub fn posix(object: &PosixObject) -> String {
    let value = match object.kind.as_str() {
        "shm" => String::new(),
        _ => format!(" {}", of(object.value, object.value_max)),
    };
    format!("{} {}{value} {} B, users {:?}", object.kind, object.name, object.bytes, object.users)
}

/// A socket.
pub fn socket(look: &Look, socket: &Socket) -> String {
    let (own, peers) = (users(look, &socket.owners), users(look, &socket.peers));
    let (received, sent) = (socket.receive_queue, socket.send_queue);
    let gone = if socket.peer_is_gone { ", peer gone" } else { "" };
    let flow = flow(socket.received_per_s, socket.sent_per_s);
    format!(
        "{} {} {} Recv-Q {received} Send-Q {sent}{flow}: {own} - {peers}{gone}",
        socket.family,
        socket.state,
        socket.name()
    )
}

/// A lock.
pub fn lock(look: &Look, lock: &FileLock) -> String {
    let path = lock.path.clone().unwrap_or_else(|| lock.object.to_string());
    let holder = users(look, &[lock.holder]);
    let mode = if lock.is_exclusive { "write" } else { "read" };
    format!("{} {mode} {path}: {holder}, waiting {}", lock.kind, users(look, &lock.waiters))
}

/// The table of seats.
pub fn office(office: &Office) -> Vec<String> {
    let package = office.package.as_deref().unwrap_or("-");
    let server = office.server.map_or_else(|| "-".to_owned(), |pid| pid.to_string());
    let alive = if office.is_alive { "" } else { " (dead)" };
    let mut lines = vec![format!("{} {package} {server}{alive}", office.dir)];
    for show in &office.shows {
        let sold = if show.sold == 0 { String::new() } else { format!(" ({:+})", -show.sold) };
        lines.push(format!("{:>3} {} {} {}{sold}", show.id, show.seats, show.date, show.title));
    }
    lines
}
