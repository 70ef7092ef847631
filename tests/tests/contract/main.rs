//! The contract: what every stage promises, asked of real server processes.
//!
//! `cargo test -p tests q2_msgqueue` is question 2's verdict, and
//! `SPECTACLES_SERVER=PATH cargo test -p tests q2_msgqueue` that of a server somebody else wrote.
//! What is asked stands in `harness::checks`, but for the client and the command line.

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
#[case::q7_tls(Stage::Q7Tls)]
#[case::q9_events(Stage::Q9Events)]
fn every_stage(#[case] stage: Stage) {}

/// One case for each stage whose server stops workers that are processes.
#[template]
#[rstest::rstest]
#[case::q1_pipes(Stage::Q1Pipes)]
#[case::q2_msgqueue(Stage::Q2Msgqueue)]
fn every_stage_of_processes(#[case] stage: Stage) {}

/// One case for each plain server.
#[template]
#[rstest::rstest]
#[case::plain_q1(Target::plain(Stage::Q1Pipes))]
#[case::plain_q2(Target::plain(Stage::Q2Msgqueue))]
#[case::plain_q3(Target::plain(Stage::Q3Threads))]
#[case::plain_q4(Target::plain(Stage::Q4ThreadPerRequest))]
#[case::plain_q5(Target::plain(Stage::Q5Sockets))]
#[case::plain_q7(Target::plain(Stage::Q7Tls))]
#[case::plain_q9(Target::plain(Stage::Q9Events))]
fn every_plain_server(#[case] target: Target) {}

/// A test for each of these checks of a module, with the cases of a template.
macro_rules! cases {
    ($template:ident: $module:ident { $($check:ident),+ $(,)? }) => { $(
        #[rstest_reuse::apply($template)]
        fn $check(#[case] target: impl Into<harness::target::Target>) {
            let name = concat!(stringify!($module), "::", stringify!($check));
            harness::runner::ask(name, &target.into());
        }
    )+ };
}

mod answers;
mod crowd;
mod data_file;
mod directories;
mod durability;
mod ending;
mod hostile;
mod judged;
mod logs;
mod outside;
mod plain_falls;
mod program;
mod strangers;
mod verdict;
mod wrong_use;
