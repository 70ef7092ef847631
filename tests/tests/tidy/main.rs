//! The house's own rules, as far as a program can check them.
#![expect(clippy::unwrap_used, reason = "a test's helpers may panic as the test itself")]

mod house;
mod source;

mod files;
mod imports;
mod stages;
