//! Where a run was made: without it no figure means anything.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Context;
use nix::sys::resource::{Resource, getrlimit};

use crate::machine::affinity::Cpus;
use crate::machine::{file_system, memory};
use crate::results::host::Host;

/// Describes this machine and what was built on it.
///
/// # Errors
/// If /proc or the limits cannot be read.
pub fn describe(cpus: &Cpus, work: &Path) -> anyhow::Result<Host> {
    let cpuinfo = read("/proc/cpuinfo")?;
    let of_cpu = |name: &str| {
        let line = cpuinfo.lines().find(|line| line.starts_with(name));
        line.and_then(|line| line.split_once(':')).map_or("", |(_, value)| value.trim()).to_owned()
    };
    let is_virtual = of_cpu("flags").split(' ').any(|flag| flag == "hypervisor");
    let (_, nofile) = getrlimit(Resource::RLIMIT_NOFILE).context("cannot ask for a limit")?;
    Ok(Host {
        date: said("date", &["-u", "+%Y-%m-%dT%H:%M:%SZ"]),
        commit: said("git", &["describe", "--always", "--dirty", "--abbrev=12"]),
        toolchain: said("rustc", &["--version"]),
        kernel: format!(
            "Linux {} {}",
            read("/proc/sys/kernel/osrelease")?,
            read("/proc/sys/kernel/version")?
        ),
        cpu: of_cpu("model name"),
        cpus: cpus.all.clone(),
        virtual_machine: is_virtual,
        chosen_cpu: cpus.chosen,
        disk_cpu: cpus.disk,
        file_system: file_system::name(work)?,
        msgmnb: number("/proc/sys/kernel/msgmnb")?,
        msgmax: number("/proc/sys/kernel/msgmax")?,
        nofile,
        load: read("/proc/loadavg")?.split(' ').next().unwrap_or_default().to_owned(),
        kernel_stack_kib: memory::kernel_stack_kib()?,
    })
}

fn read(path: &str) -> anyhow::Result<String> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {path}"))?;
    Ok(text.trim().to_owned())
}

fn number(path: &str) -> anyhow::Result<u64> {
    read(path)?.parse().with_context(|| format!("{path} is no number"))
}

/// What a program says; nothing if it is not there.
fn said(program: &str, words: &[&str]) -> String {
    let output = Command::new(program).args(words).current_dir(harness::c::root()).output();
    let output = output.ok().filter(|output| output.status.success());
    output
        .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
        .unwrap_or_default()
}
