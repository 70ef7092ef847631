//! Proof that nothing is lost, by every crash, error and interleaving that can be forced from outside.

#![expect(clippy::unwrap_used, reason = "a test's helpers may panic as the test itself")]

mod checker;
mod crash;
mod disks;
mod errors;
mod faults;
mod fuzz;
mod gates;
mod histories;
mod invented;
mod kills;
mod locks;
mod order;
mod power;
mod sabotage;
mod scene;
mod soak;
mod user_gates;
mod values;
