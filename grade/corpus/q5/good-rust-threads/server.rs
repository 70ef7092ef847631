//! Question 5 in Rust: a thread for each connection, lines of text, the table behind a mutex.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

const PORT: u16 = 5000;
const LINE_MAX: u64 = 100;

struct Show {
    title: &'static str,
    left: u32,
}

type Table = Mutex<Vec<Show>>;

/// A thread that panicked left a table that is right: each change is one subtraction.
fn locked(table: &Table) -> MutexGuard<'_, Vec<Show>> {
    table.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The answer to "table", "left N" or "take N SEATS".
fn answer(table: &Table, line: &str) -> String {
    let words: Vec<&str> = line.split_whitespace().collect();
    let mut shows = locked(table);
    if words == ["table"] {
        let rows = shows.iter().enumerate().map(|(n, s)| format!("{n}={}={}", s.title, s.left));
        return rows.collect::<Vec<String>>().join(";");
    }
    let Some(index) = words.get(1).and_then(|word| word.parse::<usize>().ok()) else {
        return "what".to_owned();
    };
    let Some(show) = shows.get_mut(index) else {
        return "unknown".to_owned();
    };
    match words[..] {
        ["left", _] => format!("left {}", show.left),
        ["take", _, seats] => match seats.parse::<u32>() {
            Ok(seats @ 1..) if seats <= show.left => {
                show.left -= seats;
                format!("taken {}", show.left)
            }
            Ok(1..) => format!("short {}", show.left),
            _ => "what".to_owned(),
        },
        _ => "what".to_owned(),
    }
}

fn serve(stream: TcpStream, table: &Table) -> io::Result<()> {
    stream.set_write_timeout(Some(Duration::from_secs(5)))?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut writer = stream;
    loop {
        let mut line = String::new();
        if reader.by_ref().take(LINE_MAX).read_line(&mut line)? == 0 || !line.ends_with('\n') {
            return Ok(());
        }
        let reply = answer(table, &line);
        println!("{} -> {reply}", line.trim_end());
        writer.write_all(format!("{reply}\n").as_bytes())?;
    }
}

fn main() -> io::Result<()> {
    let table = Arc::new(Mutex::new(vec![
        Show { title: "Dune", left: 220 },
        Show { title: "Metropolis", left: 64 },
        Show { title: "Solaris", left: 31 },
        Show { title: "Stalker", left: 90 },
    ]));
    let listener = TcpListener::bind(("0.0.0.0", PORT))?;
    println!("listening on {PORT}");
    loop {
        let Ok((stream, _)) = listener.accept() else {
            thread::sleep(Duration::from_millis(20)); // too many clients: some will leave
            continue;
        };
        let table = Arc::clone(&table);
        // A client that has gone, or no thread to be had, is this client's loss.
        let spawned = thread::Builder::new().stack_size(128 * 1024).spawn(move || {
            let _ = serve(stream, &table);
        });
        if let Err(error) = spawned {
            println!("no thread: {error}");
        }
    }
}
