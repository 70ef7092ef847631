//! What a server is and costs, apart from time.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::results::row::{Exchange, Protocol};
use crate::results::spread::Spread;

/// One server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServerCounts {
    /// The package, or the file name of a foreign server.
    pub name: String,
    /// Whether somebody else wrote it: it is measured, not judged.
    pub foreign: bool,
    /// How clients reach it.
    pub protocol: Protocol,
    /// The bare exchange that it is compared with.
    pub exchange: Exchange,
    /// Processes at rest.
    pub processes: usize,
    /// Threads at rest, of all its processes.
    pub threads_at_rest: usize,
    /// The most threads seen while 16 clients ask without a pause.
    pub threads_under_16: usize,
    /// Its memory when it is ready.
    pub memory_at_rest: Memory,
    /// Its memory after 10 000 requests of one client.
    pub memory_after: Memory,
    /// The memory of a C program that does nothing, in as many processes and threads at rest; None
    /// if this machine has no C compiler.
    pub memory_of_nothing: Option<Memory>,
    /// Milliseconds from the start of the program to its ready line: the median.
    pub start_ms: Spread,
    /// Lines of its sources that are neither blank nor comment nor test; None for a foreign server.
    pub lines_of_code: Option<usize>,
    /// What one VIEW costs, one client asking without a pause on one CPU.
    pub view: Cost,
}

/// One baseline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BaselineCounts {
    /// The bare exchange.
    pub exchange: Exchange,
    /// What one exchange of a VIEW's bytes costs.
    pub view: Cost,
}

/// Memory summed over the processes of a server, in KiB. See proc_pid_smaps_rollup(5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// Resident pages; one shared by three processes counts three times.
    pub rss: u64,
    /// Resident pages, each divided by the number of processes that have it.
    pub pss: u64,
    /// Pages that no other process has.
    pub uss: u64,
    /// Of these, the written ones: what the kernel cannot take back.
    pub private_dirty: u64,
    /// Pages that belong to no file.
    pub anonymous: u64,
    /// The kernel's own memory for its threads and address spaces: a stack for each thread, and the
    /// page tables.
    pub kernel: u64,
    /// Pss of the pages of program and libraries, clean and shared: what the kernel can take back.
    pub pss_file: u64,
}

/// What one request costs, apart from time; None where this machine cannot count.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// The server's side.
    pub server: Side,
    /// The client's side.
    pub client: Side,
}

impl Cost {
    /// System calls of both sides.
    pub fn calls(&self) -> Option<f64> {
        self.both(|side| side.calls)
    }

    /// A figure of both sides together.
    pub fn both(&self, figure: fn(&Side) -> Option<f64>) -> Option<f64> {
        Some(figure(&self.server)? + figure(&self.client)?)
    }
}

/// One side's part of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Side {
    /// Microseconds of CPU, user and system.
    pub cpu_us: Option<f64>,
    /// Context switches, voluntary and not.
    pub switches: Option<f64>,
    /// Page faults.
    pub faults: Option<f64>,
    /// System calls, by strace: those that are made at least once in ten requests. Rarer ones belong
    /// to timers.
    pub calls: Option<f64>,
    /// The same by name.
    pub calls_by_name: BTreeMap<String, f64>,
    /// Calls of malloc, calloc, realloc and their like, by LD_PRELOAD.
    pub allocations: Option<f64>,
}

/// Idle connections of one server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Connections {
    /// The server.
    pub server: String,
    /// How many were open and idle.
    pub count: usize,
    /// KiB that each of them added: Private_Dirty of the server, and KernelStack, PageTables and
    /// SUnreclaim of the machine, both ends of the socket.
    pub kib_each: f64,
    /// VIEW p99 of an active client beside them, divided by its p99 without them: one quotient per
    /// round.
    pub p99_ratio: Spread,
}

/// One server beside `ipctop --watch 0.5`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Watched {
    /// The server.
    pub server: String,
    /// How many clients asked without a pause.
    pub clients: usize,
    /// CPU time of the watcher, in percent of one CPU.
    pub cpu_percent: Spread,
    /// VIEWs per second while nobody watched.
    pub without: Spread,
    /// VIEWs per second beside the watcher, in turn with the above.
    pub with: Spread,
}

/// What TLS costs, each as a ratio of one round.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Encrypted {
    /// The p50 of a VIEW of q7 / of q5.
    pub view_p50: Spread,
    /// The median time of a handshake with a ticket / of one without.
    pub resumed: Spread,
    /// The same, where clients show certificates.
    pub resumed_known: Spread,
    /// Full handshakes per second / those with a bare `rustls` server.
    pub pair: Spread,
}
