//! Clients and servers as students write them, driven as a person would.
#![expect(clippy::unwrap_used, reason = "a test's helpers may panic as the test itself")]

mod programs;

mod driven;

mod together;

mod endings;

mod ready;

mod patience;
