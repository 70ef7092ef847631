//! The tables of what needs no clock.

use crate::output::table::{Table, figures, words};
use crate::output::words::{optional, rate, ratio};
use crate::results::counts::{Cost, Memory, ServerCounts, Side, Watched};
use crate::results::file::Results;

/// Memory of each server, and of a C program that does nothing.
pub fn memory(results: &Results) -> Table {
    let row = |name: &str, when: &str, memory: &Memory| {
        let kib = [
            memory.private_dirty,
            memory.pss,
            memory.rss,
            memory.uss,
            memory.anonymous,
            memory.kernel,
        ];
        let words = [name.to_owned(), when.to_owned()];
        words.into_iter().chain(kib.iter().map(u64::to_string)).collect()
    };
    let rows = |server: &ServerCounts| {
        let at_rest = row(&server.name, "at rest", &server.memory_at_rest);
        let after = row(&server.name, "after 10 000 requests", &server.memory_after);
        let name = format!("C: {} processes, {} threads", server.processes, server.threads_at_rest);
        let nothing = server.memory_of_nothing;
        let nothing = nothing.map(|memory| row(&name, "a program that does nothing", &memory));
        [Some(at_rest), Some(after), nothing].into_iter().flatten().collect::<Vec<Vec<String>>>()
    };
    let note = "KiB, summed over a server's processes. Private_Dirty is what the kernel cannot take \
        back. Pss is all that is mapped, each page divided by the number of processes that have it; \
        most of it is clean pages of the program and of libraries, and it depends on who else maps \
        those. Rss counts a page that three processes share three times. Kernel is a stack for each \
        thread and the page tables. Below each server stands a C program that does nothing, in as \
        many processes and threads.";
    let columns = [
        words(""),
        words("when"),
        figures("Private_Dirty"),
        figures("Pss"),
        figures("Rss"),
        figures("Uss"),
        figures("Anonymous"),
        figures("kernel"),
    ];
    Table::new("Memory", note, &columns, results.servers.iter().flat_map(rows).collect())
}

/// Every server and every baseline, and what a VIEW costs it.
fn costs(results: &Results) -> impl Iterator<Item = (&str, &Cost)> {
    let servers = results.servers.iter().map(|server| (server.name.as_str(), &server.view));
    servers.chain(results.baselines.iter().map(|it| (it.exchange.name(), &it.view)))
}

/// What a VIEW costs both sides.
pub fn cost(results: &Results) -> Table {
    let row = |name: &str, who: &str, side: &Side| {
        let figures = [side.calls, side.switches, side.cpu_us, side.faults, side.allocations];
        let words = [name.to_owned(), who.to_owned()];
        words.into_iter().chain(figures.iter().map(|&figure| optional(figure, 2))).collect()
    };
    let both = |(name, cost): (&str, &Cost)| {
        [row(name, "server", &cost.server), row(name, "client", &cost.client)]
    };
    let note = "Per VIEW, one client asking without a pause on one CPU. Calls by strace; switches, \
        CPU and faults from the accounts of processes that have ended, their dead threads included; \
        allocations by a library in front of malloc.";
    let columns = [
        words(""),
        words("side"),
        figures("system calls"),
        figures("switches"),
        figures("CPU us"),
        figures("page faults"),
        figures("allocations"),
    ];
    Table::new("What a VIEW costs", note, &columns, costs(results).flat_map(both).collect())
}

/// System calls of a VIEW, by name.
pub fn calls(results: &Results) -> Table {
    let names = |side: &Side| {
        let each = side.calls_by_name.iter().map(|(name, each)| format!("{name} {each:.1}"));
        each.collect::<Vec<_>>().join(", ")
    };
    let row = |(name, cost): (&str, &Cost)| {
        vec![name.to_owned(), names(&cost.server), names(&cost.client)]
    };
    let note = "Those made in at least one of ten requests.";
    let columns = [words(""), words("server"), words("client")];
    let rows = costs(results).map(row).collect();
    Table::new("System calls of a VIEW, by name", note, &columns, rows)
}

/// Idle connections.
pub fn connections(results: &Results) -> Table {
    let rows = results.connections.iter().map(|row| {
        vec![
            row.server.clone(),
            row.count.to_string(),
            format!("{:.1}", row.kib_each),
            ratio(&row.p99_ratio),
        ]
    });
    let note = "What each idle connection adds: Private_Dirty of the server, and KernelStack, \
        PageTables and SUnreclaim of the machine, both ends of the socket; and VIEW p99 of an \
        active client beside them, divided by that without them.";
    let columns =
        [words(""), figures("connections"), figures("KiB each"), figures("p99 ratio (min-max)")];
    Table::new("Idle connections", note, &columns, rows.collect())
}

/// Servers beside `ipctop --watch`.
pub fn watched(results: &Results) -> Table {
    let row = |row: &Watched| {
        let percent = &row.cpu_percent;
        vec![
            row.server.clone(),
            row.clients.to_string(),
            format!("{:.2} ({:.2}-{:.2})", percent.median, percent.min, percent.max),
            rate(&row.without),
            rate(&row.with),
        ]
    };
    let note = "CPU time of ipctop --watch 0.5, which looks at everything of this user, in percent of \
        one CPU; and VIEWs per second without it and beside it, in turn.";
    let columns = [
        words(""),
        figures("clients"),
        figures("ipctop, % of a CPU"),
        figures("VIEW/s without"),
        figures("VIEW/s beside it"),
    ];
    Table::new("Watched", note, &columns, results.watched.iter().map(row).collect())
}
