//! Nobody is wedged: honest clients are served while others die, flood, forge, stop and send garbage.
//!
//! Every figure is compared with that of the same honest load just before, without the attack; the
//! tests take turns, so that none disturbs another's measurement.

#![expect(clippy::unwrap_used, reason = "a test's helpers may panic as the test itself")]

use std::sync::{Mutex, MutexGuard, PoisonError};

mod attacks;
mod honest;
mod kept;
mod many;
mod reuse;

/// One test at a time.
fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}
