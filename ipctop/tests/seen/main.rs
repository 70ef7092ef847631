//! What ipctop says of real processes: stuck ones, healthy ones, and hostile ones.
#![expect(clippy::unwrap_used, reason = "a test's helpers may panic as the test itself")]

mod program;

mod table;

mod situations;

mod healthy;

mod command;

mod screen;

mod pictures;

mod hostile;

mod cost;
