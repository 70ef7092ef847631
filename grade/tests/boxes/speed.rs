//! How long a box takes.

use std::time::{Duration, Instant};

use grade::sandbox::steps::Steps;
use rstest::rstest;

use crate::boxed::{By, run_in};

/// Far more than it takes, on a machine that does much else.
const MOST: Duration = Duration::from_millis(500);

#[rstest]
#[case::me(By::Me)]
#[case::user(By::User)]
fn a_box_takes_some_milliseconds(#[case] by: By) {
    let mut times: Vec<Duration> = (0..21)
        .map(|_| {
            let begin = Instant::now();
            run_in(by, |_| {}, Steps::default()).result.unwrap();
            begin.elapsed()
        })
        .collect();
    times.sort();
    println!("{by:?}: median {:?}, from {:?} to {:?}", times[10], times[0], times[20]);
    assert!(times[10] < MOST, "{times:?}");
}
