//! The build script of all programs: what a server does not run is not in its memory.
//!
//! The kernel maps a program in pieces of 64 KiB around what runs. Where that is one function in three, spread over
//! the whole program, nearly all of it is mapped. `served.ld`, made by `run`, moves those that run behind the others; what
//! it does not name, or names and is not there, stays where it was.
//!
//! The unwinder runs in a panic only. In a library of its own, libgcc_s, it is mapped at every start, and each process
//! writes two pages for it; from gcc's archive it is a part of the program that nothing touches.

fn main() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../layout/served.ld");
    println!("cargo::rerun-if-changed={script}");
    println!("cargo::rustc-link-arg-bins=-Wl,-T,{script}");
    println!("cargo::rustc-link-lib=gcc_eh");
}
