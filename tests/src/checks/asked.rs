//! What several checks ask alike.

use std::ffi::OsStr;
use std::fmt::Display;
use std::time::Duration;

use common::client::ask::Ask;
use common::protocol::reply::Status;

use crate::checks::check::Skipped;
use crate::client::Client;
use crate::evidence::{asked, fail, holds, same};
use crate::server::Server;
use crate::strace::Strace;
use crate::wait;

/// Reserves, and expects this status with so many seats left.
#[track_caller]
pub(crate) fn reserve(client: &mut Client, show: i32, seats: i32, expected: (Status, i32)) {
    let came = client.reserve(show, seats);
    let said = |(status, left)| format!("{status:?}, {left} seats left");
    same(asked(Ask::Reserve { show, seats }), said(expected), said(came));
}

/// Looks at a show, and expects so many seats left.
#[track_caller]
pub(crate) fn view(client: &mut Client, show: i32, expected: i32) {
    same(asked(Ask::View { show }), expected, client.view(show));
}

/// Attaches strace to all threads of some processes.
///
/// # Errors
/// If this machine cannot do that.
pub(crate) fn strace(pids: &[i32], options: &[impl AsRef<OsStr>]) -> Result<Strace, Skipped> {
    Strace::try_attach(pids, options).map_err(Skipped::Lacks)
}

/// Fails unless something took less time than it may, or as much as a patient judge allows.
#[track_caller]
pub(crate) fn ends_in_time(sent: impl Display, took: Duration, limit: Duration) {
    let limit = wait::scaled(limit);
    let expected = format!("an end within {}", wait::seconds(limit));
    holds(took < limit, sent, expected, format!("{took:?}"));
}

/// Waits for the end after a signal, which should be one with status 0.
#[track_caller]
pub(crate) fn expect_end(server: &mut Server, sent: &str) {
    let status = server.wait(Duration::from_secs(10));
    let came = || format!("{status}; it logged:\n{}", server.last_words());
    if !status.success() {
        fail(sent, "exit status 0", came());
    }
}
