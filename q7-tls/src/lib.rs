//! The box office over TLS 1.3: the sockets of q5, where nobody reads along, and both sides can be
//! known by their certificates.
#![cfg(target_os = "linux")]

// In reading order.
pub mod options;
pub mod server;
pub mod channel;
pub mod client;
pub mod credentials;
pub mod named;
pub mod authority;
pub mod certify;
pub mod armour;

/// The package, as the ready line and the lock file name it.
pub const PACKAGE: &str = "q7-tls";
