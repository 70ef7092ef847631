//! What ipctop says of real processes: stuck ones, healthy ones, and hostile ones.
#![expect(clippy::unwrap_used, reason = "a test's helpers may panic as the test itself")]

use std::sync::{Mutex, MutexGuard, PoisonError};

mod program;

mod table;

mod situations;

mod healthy;

mod command;

mod screen;

mod terminal;

mod pictures;

mod hostile;

mod cost;

mod footprint;

/// Held by tests that measure, or that keep both CPUs busy: they take turns.
static TURN: Mutex<()> = Mutex::new(());

/// Waits for this test's turn; it ends when what is returned is dropped.
fn take_turn() -> MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}
