//! How long a box takes.

use std::time::{Duration, Instant};

use grade::sandbox::steps::Steps;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;
use rstest::rstest;

use crate::boxed::{By, run_in};

/// Far more than it takes, on a machine that does much else.
const MOST: Duration = Duration::from_millis(500);
const N_BOXES: u32 = 21;

/// The processor time of all processes that were waited for.
fn cpu() -> Duration {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap();
    let duration = |time: TimeVal| {
        Duration::new(time.tv_sec() as u64, 0) + Duration::from_micros(time.tv_usec() as u64)
    };
    duration(usage.user_time()) + duration(usage.system_time())
}

#[rstest]
#[case::me(By::Me)]
#[case::user(By::User)]
fn a_box_takes_some_milliseconds(#[case] by: By) {
    let before = cpu();
    let mut times: Vec<Duration> = (0..N_BOXES)
        .map(|_| {
            let begin = Instant::now();
            run_in(by, |_| {}, Steps::default()).result.unwrap();
            begin.elapsed()
        })
        .collect();
    times.sort();
    let cpu = (cpu() - before) / N_BOXES;
    println!("{by:?}: median {:?}, least {:?}, processor time {cpu:?}", times[10], times[0]);
    assert!(times[10] < MOST, "{times:?}");
}
