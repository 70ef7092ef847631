//! Question 1 in Rust: a thread for each of two request FIFOs, lines of text, a table behind a mutex.
//!
//! A request is "CLIENT TOKEN SHOW SEATS"; the reply "TOKEN yes|no|unknown LEFT" goes to reply.CLIENT.

use std::ffi::{c_char, c_int, c_uint, CString};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::process::exit;
use std::sync::Mutex;
use std::thread;

const FIFOS: [&str; 2] = ["look.fifo", "book.fifo"];
const O_NONBLOCK: c_int = 0o4000;
const SIG_BLOCK: c_int = 0;
const SIGINT: c_int = 2;
const SIGTERM: c_int = 15;

/// Room for a sigset_t of any C library.
type SignalSet = [u64; 16];

extern "C" {
    fn mkfifo(path: *const c_char, mode: c_uint) -> c_int;
    fn sigemptyset(set: *mut SignalSet) -> c_int;
    fn sigaddset(set: *mut SignalSet, signal: c_int) -> c_int;
    fn pthread_sigmask(how: c_int, set: *const SignalSet, old: *mut SignalSet) -> c_int;
    fn sigwait(set: *const SignalSet, signal: *mut c_int) -> c_int;
}

static SEATS: Mutex<[i64; 4]> = Mutex::new([75, 210, 36, 18]);

fn decide(show: &str, seats: &str, books: bool) -> (&'static str, i64) {
    let mut table = SEATS.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let show = show.parse::<usize>().ok().and_then(|show| show.checked_sub(1));
    let Some(left) = show.and_then(|show| table.get_mut(show)) else { return ("unknown", 0) };
    if !books {
        return ("yes", *left);
    }
    match seats.parse::<i64>() {
        Ok(seats) if seats > 0 && seats <= *left => {
            *left -= seats;
            ("yes", *left)
        }
        _ => ("no", *left),
    }
}

/// Nobody reads there any more if the client has died: that is its own loss.
fn reply(client: u32, line: &str) -> io::Result<()> {
    let path = format!("reply.{client}");
    let fifo = OpenOptions::new().write(true).custom_flags(O_NONBLOCK).open(&path);
    fs::remove_file(&path)?;
    fifo?.write_all(line.as_bytes())
}

fn serve(fifo: File, books: bool) {
    for line in BufReader::new(fifo).lines().map_while(Result::ok) {
        let [client, token, show, seats] = line.split(' ').collect::<Vec<_>>()[..] else {
            continue;
        };
        let Ok(client) = client.parse() else { continue };
        let (verdict, left) = decide(show, seats, books);
        println!("{line} -> {verdict} {left}");
        if let Err(error) = reply(client, &format!("{token} {verdict} {left}\n")) {
            println!("client {client}: {error}");
        }
    }
}

fn sweep() {
    for name in FIFOS {
        let _ = fs::remove_file(name);
    }
    for entry in fs::read_dir(".").into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with("reply.") {
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn main() -> io::Result<()> {
    let mut ends: SignalSet = [0; 16];
    let mut signal = 0;
    // Before any thread is there, so that all of them have these blocked.
    unsafe {
        sigemptyset(&mut ends);
        sigaddset(&mut ends, SIGINT);
        sigaddset(&mut ends, SIGTERM);
        pthread_sigmask(SIG_BLOCK, &ends, std::ptr::null_mut());
    }
    sweep();
    for (name, books) in FIFOS.into_iter().zip([false, true]) {
        let path = CString::new(name)?;
        if unsafe { mkfifo(path.as_ptr(), 0o600) } == -1 {
            return Err(io::Error::last_os_error());
        }
        // With an end to write it never ends, though no client is there.
        let fifo = OpenOptions::new().read(true).write(true).open(name)?;
        thread::spawn(move || serve(fifo, books));
    }
    println!("open");
    unsafe { sigwait(&ends, &mut signal) };
    sweep();
    exit(0);
}
