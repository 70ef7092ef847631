//! What a run leaves: the table on the terminal, and three files.

pub mod html;
pub mod markdown;

use std::fs;

use anyhow::Context;

use crate::grid::{self, Grid};
use crate::options::Options;
use crate::results::{Host, Method, Results};
use crate::{bars, compare, pairs, run, summary, table};

/// Measures, prints and writes; returns the exit status.
///
/// # Errors
/// If a server fails, or a file cannot be written.
pub fn run(options: &Options) -> anyhow::Result<u8> {
    if let [old, new] = &options.compare[..] {
        return pairs::run(options, old, new);
    }
    let results = run::run(options)?;
    let json = serde_json::to_string_pretty(&results).context("cannot write JSON")?;
    let files = [
        ("results.json", json),
        ("report.md", markdown::of(&results)),
        ("report.html", html::of(&results)?),
    ];
    for (name, text) in files {
        let path = options.out.join(name);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    println!("{}", table::of(&summary::of(&results)));
    println!("{}", method(&results.method, &results.host));
    println!("written: {}/report.html, report.md, results.json", options.out.display());
    let mut status = 0;
    if let [path] = &options.compare[..] {
        let earlier = compare::read(path, &results)?;
        let moves = compare::moves(&earlier, &results);
        println!("\n{}", table::of(&compare::table(&moves, options.threshold)));
        status |= u8::from(compare::worse(&moves, options.threshold) > 0);
    }
    if options.check {
        println!("\n{}", table::of(&grid::bars(&results)));
        for line in bars::short(&results.bars) {
            println!("falls short: {line}");
            status = 1;
        }
        let unknown = results.bars.iter().filter(|bar| bar.holds().is_none()).count();
        if unknown > 0 || results.method.dirty_rounds > 0 {
            println!("{unknown} bars not measured, {} rounds dirty", results.method.dirty_rounds);
        }
    }
    Ok(status)
}

/// All tables of a report, in its order.
fn grids(results: &Results) -> Vec<Grid> {
    let mut grids = vec![summary::of(results), grid::bars(results)];
    grids.extend(grid::details(results));
    grids.retain(|grid| !grid.rows.is_empty());
    grids
}

/// How it was measured, in one paragraph.
fn method(method: &Method, host: &Host) -> String {
    let disk = host
        .disk_cpu
        .map_or("no CPU could be made out to take".to_owned(), |cpu| format!("CPU {cpu} takes"));
    let dirty = match method.dirty_rounds {
        0 => "none of them dirty".to_owned(),
        dirty => format!(
            "{dirty} of them DIRTY: others used more than {} % of the CPU",
            method.foreign_max_percent
        ),
    };
    format!(
        "Everything on CPU {} unless a row says free; {disk} the disk's interrupts. {} rounds of \
         {} ms for each turn, A B A B; {} rounds in all, {dirty}. {:.0} s{}.",
        host.chosen_cpu,
        method.rounds,
        method.segment_ms,
        method.all_rounds,
        method.seconds,
        if method.quick { ", --quick: expect noise" } else { "" },
    )
}

/// What is known of the machine, as names and values.
fn facts(host: &Host) -> Vec<(&'static str, String)> {
    let virtual_machine = if host.virtual_machine { ", a virtual machine" } else { "" };
    vec![
        ("date", host.date.clone()),
        ("commit", host.commit.clone()),
        ("toolchain", host.toolchain.clone()),
        ("kernel", host.kernel.clone()),
        ("processor", format!("{}, {} CPUs{virtual_machine}", host.cpu, host.cpus.len())),
        ("file system", host.file_system.clone()),
        ("msgmnb, msgmax", format!("{}, {} bytes", host.msgmnb, host.msgmax)),
        ("descriptors", host.nofile.to_string()),
        ("stack of a thread in the kernel", format!("{} KiB", host.kernel_stack_kib)),
        ("load before", host.load.clone()),
    ]
}
