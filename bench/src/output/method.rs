//! How and where a run was made, in words.

use crate::results::host::{Host, Method};

/// One round in so many may be dirty without a warning.
const DIRTY_SHARE: usize = 10;

/// How it was measured, in one paragraph.
pub fn in_words(method: &Method, host: &Host) -> String {
    let disk = match host.disk_cpu {
        Some(cpu) => format!("CPU {cpu} takes the disk's interrupts"),
        None => "no CPU could be found that takes the disk's interrupts".to_owned(),
    };
    let dirty = match method.dirty_rounds {
        0 => "none of them dirty".to_owned(),
        dirty => format!("{dirty} of them dirty"),
    };
    let quick = if method.quick { " --quick: expect noise." } else { "" };
    format!(
        "Everything ran on CPU {} unless a row says free or has many connections; {disk}. A trial \
         lasts {} ms. In each of {} rounds every baseline and every server has its turn, A B A B, \
         across all stages; twice as many rounds where 64 clients share a sync or there are many \
         connections. {} rounds of a baseline and its servers in all, {dirty}. The run \
         took {:.0} s.{quick}",
        host.chosen_cpu, method.segment_ms, method.rounds, method.all_rounds, method.seconds,
    )
}

/// A warning, if other programs have disturbed more than a few rounds.
pub fn warning(method: &Method) -> Option<String> {
    let is_disturbed = method.dirty_rounds * DIRTY_SHARE > method.all_rounds;
    is_disturbed.then(|| {
        format!(
            "Other programs disturbed {} of {} rounds: the times below say little. Measure again on \
             an idle machine.",
            method.dirty_rounds, method.all_rounds
        )
    })
}

/// What is known of the machine, as names and values.
pub fn facts(host: &Host) -> Vec<(&'static str, String)> {
    let virtual_machine = if host.virtual_machine { ", a virtual machine" } else { "" };
    vec![
        ("date", host.date.clone()),
        ("commit", host.commit.clone()),
        ("toolchain", host.toolchain.clone()),
        ("kernel", host.kernel.clone()),
        ("processor", format!("{}, {} CPUs{virtual_machine}", host.cpu, host.cpus.len())),
        ("file system", host.file_system.clone()),
        ("msgmnb, msgmax", format!("{}, {} bytes", host.msgmnb, host.msgmax)),
        ("open descriptors at most", host.nofile.to_string()),
        ("a thread's stack in the kernel", format!("{} KiB", host.kernel_stack_kib)),
        ("load before", host.load.clone()),
    ]
}
