//! Question 2 in Rust: two queues, lines of text, a thread for each type of request.
//!
//! A request is "CLIENT TOKEN SHOW SEATS", of type 1 or 2; the reply "TOKEN yes|no|unknown LEFT" has
//! the PID of its client for a type.

mod queue;

use std::ffi::{c_int, c_long};
use std::io;
use std::sync::Mutex;
use std::thread;

use queue::Queue;

type SignalSet = [u64; 16];

extern "C" {
    fn sigemptyset(set: *mut SignalSet) -> c_int;
    fn sigaddset(set: *mut SignalSet, signal: c_int) -> c_int;
    fn pthread_sigmask(how: c_int, set: *const SignalSet, old: *mut SignalSet) -> c_int;
    fn sigwait(set: *const SignalSet, signal: *mut c_int) -> c_int;
}

const BOOK: c_long = 2;

static SHOWS: Mutex<[(char, u32); 3]> = Mutex::new([('A', 120), ('B', 48), ('C', 9)]);

fn decide(kind: c_long, show: &str, seats: &str) -> (&'static str, u32) {
    let mut shows = SHOWS.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let Some((_, left)) = shows.iter_mut().find(|(name, _)| show == name.to_string()) else {
        return ("unknown", 0);
    };
    if kind != BOOK {
        return ("yes", *left);
    }
    match seats.parse::<u32>().ok().filter(|seats| *seats > 0) {
        Some(seats) if seats <= *left => {
            *left -= seats;
            ("yes", *left)
        }
        _ => ("no", *left),
    }
}

/// Until the queue is removed.
fn serve(kind: c_long, requests: Queue, replies: Queue) {
    while let Ok(request) = requests.receive(kind) {
        let [client, token, show, seats] = request.split(' ').collect::<Vec<_>>()[..] else {
            continue;
        };
        let Ok(client @ 1..) = client.parse::<c_long>() else { continue };
        let (verdict, left) = decide(kind, show, seats);
        // A full queue is that of clients that do not read: nobody else waits for them.
        if let Err(error) = replies.send(client, &format!("{token} {verdict} {left}"), false) {
            println!("client {client}: {error}");
        }
    }
}

fn main() -> io::Result<()> {
    let mut ends: SignalSet = [0; 16];
    let mut signal = 0;
    unsafe {
        sigemptyset(&mut ends);
        sigaddset(&mut ends, 2);
        sigaddset(&mut ends, 15);
        pthread_sigmask(0, &ends, std::ptr::null_mut());
    }
    let (requests, replies) = (Queue::create(b'q')?, Queue::create(b'r')?);
    let threads = [1, BOOK].map(|kind| thread::spawn(move || serve(kind, requests, replies)));
    println!("ready");
    unsafe { sigwait(&ends, &mut signal) };
    requests.remove();
    for thread in threads {
        let _ = thread.join();
    }
    replies.remove();
    Ok(())
}
