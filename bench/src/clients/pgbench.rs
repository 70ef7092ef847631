//! A client process that has pgbench ask PostgreSQL: it is the client that its users know.

use std::error::Error;
use std::path::Path;
use std::{fmt, fs};

use anyhow::{Context, ensure};
use hdrhistogram::Histogram;

use crate::clients::load::{self, record};
use crate::clients::order::{Done, Length, Order};
use crate::machine::{clock, usage};
use crate::results::group::Question;
use crate::target::peers::postgresql::{client, said, transaction};

/// Pgbench measures whole seconds, and connects in that time too.
const SECOND_NS: u64 = 1_000_000_000;
/// Connections that a quiet machine makes in a second, at least.
const CONNECTS_PER_SECOND: usize = 256;
/// Where a machine is busy, they have twice the time, and again; not longer than this.
const SECONDS_MAX: u64 = 20;
/// Where a line of its log has the latency of a transaction, in microseconds.
const LATENCY_AT: usize = 2;

/// Has so many clients of pgbench do what the order says.
///
/// # Errors
/// If pgbench fails, or a transaction of it does.
pub fn run(programs: &Path, dir: &Path, connections: usize, order: &Order) -> anyhow::Result<Done> {
    clock::sleep_until(order.begin_ns);
    let end_ns = match order.length {
        Length::Until(end_ns) => end_ns,
        Length::Count(count) => {
            return once(programs, dir, connections, order.question, ["-t", &count.to_string()]);
        }
    };
    let seconds = end_ns.saturating_sub(order.begin_ns).div_ceil(SECOND_NS);
    let mut seconds = seconds + connections.div_ceil(CONNECTS_PER_SECOND) as u64;
    loop {
        let limit = ["-T", &seconds.to_string()];
        match once(programs, dir, connections, order.question, limit) {
            Err(error) if error.is::<NoTime>() && seconds < SECONDS_MAX => seconds *= 2,
            result => return result,
        }
    }
}

/// Its time was over before its last client was connected.
#[derive(Debug)]
struct NoTime;

impl fmt::Display for NoTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("pgbench has done no transaction in its time")
    }
}

impl Error for NoTime {}

fn once(
    programs: &Path,
    dir: &Path,
    connections: usize,
    question: Question,
    limit: [&str; 2],
) -> anyhow::Result<Done> {
    let base = tempfile::tempdir_in(dir.parent().context("DIR has a parent")?)
        .context("cannot make a directory")?;
    let (script, log) = (base.path().join("script"), base.path().join("log"));
    fs::write(&script, transaction(question)).context("cannot write a script")?;
    let mut command = client(programs, "pgbench", dir)?;
    command.args(["-M", "prepared", "-n", "-c", &connections.to_string(), "-f"]).arg(script);
    command.arg("--log").arg("--log-prefix").arg(&log).args(limit).arg("postgres");
    harness::sys::tie_to_this_thread(&mut command);
    let before = usage::of_ended_children();
    let said = said(&mut command)?;
    let usage = usage::of_ended_children() - before;
    let (count, elapsed_ns) = summary(&said)?;
    let mut histogram = load::histogram();
    for entry in fs::read_dir(base.path()).context("cannot find pgbench's log")? {
        let path = entry.context("cannot find pgbench's log")?.path();
        if path.extension().is_some() {
            let lines = fs::read_to_string(&path).context("cannot read pgbench's log")?;
            add(&mut histogram, &lines)?;
        }
    }
    let logged = histogram.len();
    ensure!(logged == count, "pgbench has done {count} transactions, and logged {logged}");
    Ok(Done { samples: load::samples(&histogram), elapsed_ns, usage })
}

fn add(histogram: &mut Histogram<u64>, lines: &str) -> anyhow::Result<()> {
    for line in lines.lines() {
        let latency = line.split(' ').nth(LATENCY_AT).and_then(|word| word.parse::<u64>().ok());
        let latency_us = latency.with_context(|| format!("pgbench has logged {line:?}"))?;
        record(histogram, latency_us * 1000)?;
    }
    Ok(())
}

/// How many transactions it has done, and in what time; that of connecting is left out.
fn summary(said: &str) -> anyhow::Result<(u64, u64)> {
    let number = |begin: &str| {
        let rest = said.lines().find_map(|line| line.strip_prefix(begin));
        let word = rest.and_then(|rest| rest.split([' ', '/']).next());
        word.with_context(|| format!("pgbench says no line that begins with {begin:?}: {said}"))
    };
    let count: u64 = number("number of transactions actually processed: ")?.parse()?;
    if count == 0 {
        return Err(NoTime.into());
    }
    let failed: u64 = number("number of failed transactions: ")?.parse()?;
    let per_second: f64 = number("tps = ")?.parse()?;
    ensure!(failed == 0, "{failed} transactions have failed");
    ensure!(per_second > 0.0, "pgbench has done nothing");
    Ok((count, (count as f64 / per_second * SECOND_NS as f64) as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = "pgbench (15.18)\nnumber of clients: 64\n\
        number of transactions actually processed: 3000/3000\n\
        number of failed transactions: 0 (0.000%)\nlatency average = 20.1 ms\n\
        tps = 2000.000000 (without initial connection time)\n";

    #[test]
    fn the_time_of_connecting_is_left_out_and_a_failure_is_one() {
        assert_eq!(summary(SAID).unwrap(), (3000, 1_500_000_000));
        assert!(summary(&SAID.replace(": 0 (", ": 2 (")).is_err());
        assert!(summary("pgbench: error").is_err());
        assert!(summary(&SAID.replace(": 3000/", ": 0/")).unwrap_err().is::<NoTime>());
    }

    #[test]
    fn each_line_of_its_log_is_a_latency() {
        let mut histogram = load::histogram();
        add(&mut histogram, "0 1 1500 0 1700000000 12\n1 1 900 0 1700000000 99\n").unwrap();
        assert_eq!((histogram.len(), histogram.max() / 10_000), (2, 150));
        assert!(add(&mut histogram, "0 1\n").is_err());
    }
}
