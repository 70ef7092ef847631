//! The build script of all programs: functions that a server runs stand beside each other.
//!
//! The kernel maps a program in pieces of 64 KiB around what runs. Where that is one function in three, spread over
//! the whole program, nearly all of it is mapped. `served.ld`, made by `run`, moves those that run behind the others; what
//! it does not name, or names and is not there, stays where it was.

fn main() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../layout/served.ld");
    println!("cargo::rerun-if-changed={script}");
    println!("cargo::rustc-link-arg-bins=-Wl,-T,{script}");
}
