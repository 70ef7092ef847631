//! What the kernel says about a process, in /proc.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use common::program::process;
use nix::unistd::Pid;

/// How long a process may take to reach a state that it is about to reach; long, for a loaded
/// machine.
const WAIT_MAX: Duration = Duration::from_secs(10);
/// How long to wait between two looks: no call waits for a state, so we must look again.
const INTERVAL: Duration = Duration::from_millis(1);

/// Waits until a process is in a state: R, S, T or Z.
///
/// # Errors
/// If it is not there within 10 seconds. See proc_pid_stat(5).
pub fn wait_for_state(pid: Pid, state: char) -> anyhow::Result<()> {
    let deadline = Instant::now() + WAIT_MAX;
    while process::state(pid.as_raw()) != Some(state) {
        ensure!(Instant::now() < deadline, "process {pid} does not reach state {state}");
        thread::sleep(INTERVAL);
    }
    Ok(())
}

/// A process's parent.
///
/// # Errors
/// If there is no such process. See proc_pid_status(5).
pub fn parent(pid: Pid) -> anyhow::Result<Pid> {
    let path = format!("/proc/{pid}/status");
    let status = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    let parent = status.lines().find_map(|line| line.strip_prefix("PPid:"));
    let parent = parent.and_then(|number| number.trim().parse().ok());
    parent.map(Pid::from_raw).with_context(|| format!("cannot find PPid in {path}"))
}
