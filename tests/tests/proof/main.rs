//! Proof that nothing is lost, by every crash, error and interleaving that can be forced from outside.

#![expect(clippy::unwrap_used, reason = "a test's helpers may panic as the test itself")]

mod checker;
mod fuzz;
mod histories;
mod invented;
mod locks;
mod power;
mod sabotage;
mod scene;
