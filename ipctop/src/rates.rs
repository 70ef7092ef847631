//! What changes, per second: differences to the look before.

use std::collections::HashMap;
use std::time::Instant;

use crate::model::look::Look;
use crate::model::object::ObjectId;
use crate::model::process::{Process, Thread};

/// The counters of the look before.
#[derive(Debug, Default)]
pub(crate) struct Rates {
    at: Option<Instant>,
    /// CPU milliseconds, and bytes read and written; by PID and start.
    processes: HashMap<(i32, u64), [Option<u64>; 3]>,
    /// Switches, by thread id and start of its process.
    threads: HashMap<(i32, u64), u64>,
    /// Messages and bytes.
    queues: HashMap<i64, [u64; 2]>,
    pipes: HashMap<ObjectId, u64>,
    /// Bytes received and sent.
    sockets: HashMap<u64, [Option<u64>; 2]>,
}

impl Rates {
    /// Tells a look its rates, and remembers its counters.
    pub(crate) fn tell(&mut self, look: &mut Look, at: Instant) {
        let passed = self.at.replace(at).map(|before| at.duration_since(before).as_secs_f64());
        // In the first look nothing is known, and nothing is divided.
        let seconds = passed.unwrap_or(1.0).max(0.001);
        let Rates { processes, threads, queues, pipes, sockets, .. } = std::mem::take(self);
        self.at = Some(at);
        for process in &mut look.processes {
            let key = (process.pid, process.started);
            let now = [Some(process.cpu_ms), process.read_bytes, process.written_bytes];
            let old = processes.get(&key).copied();
            let rate = |at: usize| grown(old?[at]?, now[at]?, seconds);
            // 10 ms in a second are one percent.
            process.cpu_percent = rate(0).map(|ms| rounded(ms / 10.0));
            process.read_per_s = rate(1);
            process.written_per_s = rate(2);
            process.switches_per_s = old.and_then(|_| switches(process, &threads, seconds));
            self.processes.insert(key, now);
            for thread in &process.threads {
                self.threads.insert((thread.tid, process.started), count(thread));
            }
        }
        for queue in &mut look.queues {
            let now = [queue.n_messages, queue.bytes];
            let old = queues.get(&queue.msqid).copied();
            queue.messages_growth_per_s = old.map(|old| change(old[0], now[0], seconds));
            queue.bytes_growth_per_s = old.map(|old| change(old[1], now[1], seconds));
            self.queues.insert(queue.msqid, now);
        }
        for pipe in &mut look.pipes {
            let Some(now) = pipe.bytes else { continue };
            pipe.bytes_growth_per_s = pipes.get(&pipe.id).map(|&old| change(old, now, seconds));
            self.pipes.insert(pipe.id.clone(), now);
        }
        for socket in &mut look.sockets {
            let now = [socket.received_bytes, socket.sent_bytes];
            let old = sockets.get(&socket.inode).copied();
            let rate = |at: usize| grown(old?[at]?, now[at]?, seconds);
            (socket.received_per_s, socket.sent_per_s) = (rate(0), rate(1));
            self.sockets.insert(socket.inode, now);
        }
    }
}

/// How often the threads of a process gave the CPU away, each second.
fn switches(process: &Process, old: &HashMap<(i32, u64), u64>, seconds: f64) -> Option<f64> {
    let since = |thread: &Thread| {
        // One that is new has done all its switches since.
        let before = old.get(&(thread.tid, process.started)).copied().unwrap_or(0);
        count(thread).saturating_sub(before)
    };
    let is_known = process.threads.iter().any(|thread| thread.sleeps.is_some());
    is_known.then(|| rounded(process.threads.iter().map(since).sum::<u64>() as f64 / seconds))
}

fn count(thread: &Thread) -> u64 {
    thread.sleeps.unwrap_or(0) + thread.preemptions.unwrap_or(0)
}

/// Of a counter that never goes down; None if it has, so that it is another one.
fn grown(old: u64, now: u64, seconds: f64) -> Option<f64> {
    (now >= old).then(|| change(old, now, seconds))
}

fn change(old: u64, now: u64, seconds: f64) -> f64 {
    rounded((now as f64 - old as f64) / seconds)
}

/// One digit behind the point, and no negative zero.
fn rounded(value: f64) -> f64 {
    (value * 10.0).round() / 10.0 + 0.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::object::MessageQueue;
    use std::time::Duration;

    fn look(cpu_ms: u64, sleeps: u64, n_messages: u64) -> Look {
        let thread = Thread { tid: 5, sleeps: Some(sleeps), ..Thread::default() };
        let process = Process {
            pid: 5,
            cpu_ms,
            read_bytes: Some(cpu_ms),
            threads: vec![thread],
            ..Process::default()
        };
        let queue = MessageQueue { msqid: 3, n_messages, ..MessageQueue::default() };
        Look { processes: vec![process], queues: vec![queue], ..Look::default() }
    }

    #[test]
    fn rates_come_from_two_looks_and_the_time_between_them() {
        let (mut rates, begin) = (Rates::default(), Instant::now());
        let mut first = look(1000, 40, 9);
        rates.tell(&mut first, begin);
        assert_eq!(
            (first.processes[0].cpu_percent, first.processes[0].switches_per_s),
            (None, None)
        );
        let mut second = look(1100, 70, 4);
        rates.tell(&mut second, begin + Duration::from_millis(500));
        let process = &second.processes[0];
        assert_eq!(process.cpu_percent, Some(20.0));
        assert_eq!(process.switches_per_s, Some(60.0));
        assert_eq!(process.read_per_s, Some(200.0));
        assert_eq!(second.queues[0].messages_growth_per_s, Some(-10.0));
        // A counter that went down belongs to another process.
        let mut third = look(7, 1, 4);
        rates.tell(&mut third, begin + Duration::from_millis(1000));
        assert_eq!(third.processes[0].cpu_percent, None);
    }
}
