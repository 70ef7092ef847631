//! The client of question 2 in Rust.

mod queue;

use std::ffi::c_long;
use std::io::{self, Write};
use std::process::{self, exit};
use std::time::{SystemTime, UNIX_EPOCH};

use queue::Queue;

const SHOWS: [(char, &str); 3] = [('A', "Alceste"), ('B', "Boris Godounov"), ('C', "Carmen")];
const LOOK: c_long = 1;
const BOOK: c_long = 2;

struct Office {
    requests: Queue,
    replies: Queue,
    token: u128,
}

impl Office {
    fn ask(&mut self, kind: c_long, show: &str, seats: &str) -> io::Result<(String, String)> {
        self.token += 1;
        let (client, token) = (process::id(), self.token.to_string());
        self.requests.send(kind, &format!("{client} {token} {show} {seats}"), true)?;
        loop {
            let reply = self.replies.receive(client.into())?;
            if let [of, verdict, left] = reply.split(' ').collect::<Vec<_>>()[..] {
                if of == token {
                    return Ok((verdict.to_owned(), left.to_owned()));
                }
            }
        }
    }
}

/// One word; the end of the input ends the client.
fn input(prompt: &str) -> io::Result<String> {
    print!("{prompt}");
    io::stdout().flush()?;
    let mut line = String::new();
    if io::stdin().read_line(&mut line)? == 0 {
        println!();
        exit(0);
    }
    let word = line.split_whitespace().next().unwrap_or("-");
    Ok(word.chars().take(20).collect())
}

fn main() -> io::Result<()> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    let mut office =
        Office { requests: Queue::open(b'q')?, replies: Queue::open(b'r')?, token: now };
    loop {
        match input("all, one, take or bye > ")?.as_str() {
            "all" => {
                for (name, title) in SHOWS {
                    let (_, left) = office.ask(LOOK, &name.to_string(), "-")?;
                    println!("{name} {title:<16} [{left}]");
                }
            }
            "one" => match office.ask(LOOK, &input("show > ")?, "-")? {
                (verdict, left) if verdict == "yes" => println!("{left} seats remain"),
                _ => println!("no such show"),
            },
            "take" => {
                let (show, seats) = (input("show > ")?, input("seats > ")?);
                match office.ask(BOOK, &show, &seats)? {
                    (verdict, left) if verdict == "yes" => println!("taken for you, {left} left"),
                    (verdict, left) if verdict == "no" => println!("not taken, {left} left"),
                    _ => println!("not taken, no such show"),
                }
            }
            "bye" => return Ok(()),
            _ => println!("what?"),
        }
    }
}
