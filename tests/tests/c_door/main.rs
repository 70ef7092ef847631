//! The door for C: the generated header, and the two programs of `tests/c` that use it.
//!
//! What the contract says of the server in C stands in `contract/verdict.rs`.

#![expect(clippy::unwrap_used, reason = "a test's helpers may panic as the test itself")]

mod client;
mod header;
mod server;
mod sockets;
mod tls;
