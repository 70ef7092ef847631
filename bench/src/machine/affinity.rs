//! Where processes run: on one CPU that the disk does not interrupt, or anywhere.

use std::fs;
use std::path::Path;

use anyhow::Context;
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

use crate::baseline::disk::Disk;
use crate::results::group::Affinity;

/// Syncs by which the disk's interrupts are found.
const SYNCS: u64 = 100;

/// The CPUs of this machine, as far as we may use them.
#[derive(Clone, Debug)]
pub struct Cpus {
    /// All of them.
    pub all: Vec<usize>,
    /// The one for "one CPU".
    pub chosen: usize,
    /// The one that takes the disk's interrupts.
    pub disk: Option<usize>,
}

impl Cpus {
    /// Looks which CPU the disk under `dir` interrupts, and chooses another one.
    ///
    /// # Errors
    /// If the disk cannot be written.
    pub fn find(dir: &Path) -> anyhow::Result<Cpus> {
        let set = sched_getaffinity(Pid::from_raw(0)).context("cannot ask for our CPUs")?;
        let is_ours = |&cpu: &usize| set.is_set(cpu).unwrap_or(false);
        let all: Vec<usize> = (0..CpuSet::count()).filter(is_ours).collect();
        let before = interrupts()?;
        let mut disk = Disk::open(dir)?;
        for _ in 0..SYNCS {
            disk.write_and_sync()?;
        }
        let disk = busiest(&before, &interrupts()?);
        let other = all.iter().rev().find(|&&cpu| Some(cpu) != disk);
        let chosen = other.or(all.first()).copied().context("this process may use no CPU")?;
        Ok(Cpus { all, chosen, disk })
    }

    /// The CPUs of an affinity.
    pub fn of(&self, affinity: Affinity) -> &[usize] {
        match affinity {
            Affinity::OneCpu => std::slice::from_ref(&self.chosen),
            Affinity::Free => &self.all,
        }
    }

    /// Moves this thread, and the children that it starts from now on.
    ///
    /// # Errors
    /// EINVAL if none of the CPUs is there. See sched_setaffinity(2).
    pub fn enter(&self, affinity: Affinity) -> anyhow::Result<()> {
        move_to(self.of(affinity))
    }

    /// Moves this thread out of the way of the children that it has started: it only waits for them
    /// and reads what they have measured, but that is work too.
    ///
    /// # Errors
    /// As [`Cpus::enter`].
    pub fn leave(&self) -> anyhow::Result<()> {
        let others: Vec<usize> =
            self.all.iter().copied().filter(|&cpu| cpu != self.chosen).collect();
        move_to(if others.is_empty() { &self.all } else { &others })
    }
}

fn move_to(cpus: &[usize]) -> anyhow::Result<()> {
    let mut set = CpuSet::new();
    for &cpu in cpus {
        set.set(cpu).context("cannot name a CPU")?;
    }
    sched_setaffinity(Pid::from_raw(0), &set).context("cannot choose a CPU")
}

/// Interrupts so far, by device and CPU; only those with a number belong to a device.
fn interrupts() -> anyhow::Result<Vec<(String, Vec<u64>)>> {
    let text = fs::read_to_string("/proc/interrupts").context("cannot read /proc/interrupts")?;
    let cpus = text.lines().next().unwrap_or_default().split_whitespace().count();
    let row = |line: &str| {
        let (name, counts) = line.split_once(':')?;
        name.trim().parse::<u32>().ok()?;
        let counts = counts.split_whitespace().take(cpus);
        Some((name.trim().to_owned(), counts.filter_map(|count| count.parse().ok()).collect()))
    };
    Ok(text.lines().skip(1).filter_map(row).collect())
}

/// The CPU that took the most interrupts of the device that interrupted once for every sync.
fn busiest(before: &[(String, Vec<u64>)], after: &[(String, Vec<u64>)]) -> Option<usize> {
    let rows = after.iter().filter_map(|(name, counts)| {
        let (_, earlier) = before.iter().find(|(other, _)| other == name)?;
        Some(counts.iter().zip(earlier).map(|(now, then)| now - then).collect::<Vec<u64>>())
    });
    let most = rows.max_by_key(|row| row.iter().sum::<u64>())?;
    if most.iter().sum::<u64>() < SYNCS {
        return None;
    }
    (0..most.len()).max_by_key(|&cpu| most[cpu])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_disk_is_the_device_that_interrupts_for_every_sync() {
        let row = |name: &str, counts: &[u64]| (name.to_owned(), counts.to_vec());
        let before = [row("36", &[5, 10]), row("38", &[100, 100])];
        let busy = [row("36", &[5, 210]), row("38", &[150, 100])];
        assert_eq!(busiest(&before, &busy), Some(1));
        let idle = [row("36", &[5, 20]), row("38", &[150, 100])];
        assert_eq!(busiest(&before, &idle), None);
    }
}
