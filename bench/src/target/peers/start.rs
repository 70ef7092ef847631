//! What the start of any of them takes: its program, a port, a password, patience.

use std::env;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context;

use crate::machine::interrupt;
use crate::target::process::Process;

/// Shows that are sold.
pub const SHOWS: i32 = 8;
/// Seats of each: no measurement sells them all.
pub const SEATS: i32 = 2_000_000_000;
/// How long a start may take: PostgreSQL writes forty megabytes first.
const START_MAX: Duration = Duration::from_secs(60);
/// How often a starting program is asked whether it is ready.
const ASK_INTERVAL: Duration = Duration::from_millis(20);
/// Bytes of a password, each written as two digits.
const PASSWORD_SIZE: usize = 16;

/// A program that a shell would find.
///
/// # Errors
/// If there is none.
pub fn in_path(name: &str) -> anyhow::Result<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut found = env::split_paths(&path).map(|folder| folder.join(name));
    found.find(|program| program.is_file()).with_context(|| format!("there is no {name}"))
}

/// A port that nobody listens on now.
///
/// # Errors
/// If there is none.
pub fn free_port() -> anyhow::Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").context("cannot find a port")?;
    Ok(listener.local_addr().context("cannot find a port")?.port())
}

/// Draws a password, which other users of this machine cannot read: they could write any file through
/// a server that lets everybody in.
///
/// # Errors
/// If it cannot be written.
pub fn make_password(dir: &Path) -> anyhow::Result<String> {
    let mut bytes = [0; PASSWORD_SIZE];
    let random = File::open("/dev/urandom").and_then(|mut it| it.read_exact(&mut bytes));
    random.context("cannot draw a password")?;
    let password: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut options = OpenOptions::new();
    let file = options.write(true).create_new(true).mode(0o600).open(password_file(dir));
    file.and_then(|mut file| file.write_all(password.as_bytes()))
        .context("cannot write a password")?;
    Ok(password)
}

/// The password of the server of `dir`.
///
/// # Errors
/// If there is none.
pub fn password(dir: &Path) -> anyhow::Result<String> {
    fs::read_to_string(password_file(dir)).context("cannot read the password")
}

/// Where the password stands.
pub fn password_file(dir: &Path) -> PathBuf {
    dir.with_file_name("password")
}

/// Tries again until it succeeds.
///
/// # Errors
/// The last one, if the process has ended or takes too long.
pub fn wait_until_ready<T>(
    process: &mut Process,
    mut attempt: impl FnMut() -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let deadline = Instant::now() + START_MAX;
    loop {
        match attempt() {
            Ok(found) => return Ok(found),
            Err(error) if process.try_wait()?.is_some() || Instant::now() > deadline => {
                return Err(error.context(format!("{} does not get ready", process.what())));
            }
            Err(_) => interrupt::pause(ASK_INTERVAL)?,
        }
    }
}
