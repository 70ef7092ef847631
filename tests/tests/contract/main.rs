//! The contract: what every stage promises, asked of real server processes.
//!
//! `cargo test -p tests q2_msgqueue` is question 2's verdict, and
//! `SPECTACLES_SERVER=PATH cargo test -p tests q2_msgqueue` that of a server somebody else wrote.

#![expect(clippy::unwrap_used, reason = "a test's helpers may panic as the test itself")]

use rstest_reuse::template;

/// One case for each stage, named after it.
#[template]
#[rstest::rstest]
#[case::q1_pipes(Stage::Q1Pipes)]
#[case::q2_msgqueue(Stage::Q2Msgqueue)]
#[case::q3_threads(Stage::Q3Threads)]
#[case::q4_thread_per_request(Stage::Q4ThreadPerRequest)]
#[case::q5_sockets(Stage::Q5Sockets)]
#[case::q6_watchdog(Stage::Q6Watchdog)]
fn every_stage(#[case] stage: Stage) {}

mod answers;
mod crowd;
mod durability;
mod ending;
mod hostile;
mod outside;
mod program;
mod verdict;
mod wrong_use;
