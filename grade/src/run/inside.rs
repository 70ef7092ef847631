//! The judge inside: asks the items of a job, in a box or without one.

use std::io::{self, Read, Write};
use std::path::PathBuf;

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::job::Job;
use crate::judge::surroundings::Surroundings;
use crate::sandbox::inside;
use crate::sandbox::steps::{self, Steps};

/// The first argument of the judge that has no box.
pub(super) const BARE: &str = "without-a-box";

/// What the judge without a box is told.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Order {
    /// The job.
    pub(super) job: Job,
    /// A copy of the submission, which may be written.
    pub(super) home: PathBuf,
}

/// Does a job as the first process of a box.
///
/// # Errors
/// If it cannot be understood, or nobody hears the reports.
pub fn in_box() -> anyhow::Result<()> {
    let entered = inside::enter();
    if serde_json::from_str::<Steps>(&entered.job).is_ok() {
        return steps::judge(&entered);
    }
    let job: Job = serde_json::from_str(&entered.job).context("cannot read the job")?;
    let mut surroundings = Surroundings::Box(Box::new(entered));
    job.run(&mut surroundings, &mut |surroundings, line| match surroundings {
        Surroundings::Box(inside) => inside.results.line(line),
        Surroundings::Bare { .. } => Ok(()),
    })
}

/// Whether this process was started to judge without a box.
pub fn is_bare() -> bool {
    std::env::args_os().nth(1).is_some_and(|argument| argument == BARE)
}

/// Does a job without a box.
///
/// # Errors
/// If it cannot be understood, or nobody hears the reports.
pub fn bare() -> anyhow::Result<()> {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text).context("cannot read the job")?;
    let order: Order = serde_json::from_str(&text).context("cannot read the job")?;
    let mut surroundings = Surroundings::bare(order.home).context("cannot adopt orphans")?;
    order.job.run(&mut surroundings, &mut |_, line| {
        let mut stdout = io::stdout().lock();
        stdout.write_all(format!("{line}\n").as_bytes()).and_then(|()| stdout.flush())
    })
}
