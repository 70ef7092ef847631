//! The client of question 5 in Rust: a menu, one connection. Usage: client [HOST]

use std::env;
use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpStream;
use std::process::exit;

const PORT: u16 = 5000;

struct Server {
    reader: BufReader<TcpStream>,
}

impl Server {
    fn ask(&mut self, question: &str) -> io::Result<String> {
        self.reader.get_mut().write_all(format!("{question}\n").as_bytes())?;
        let mut reply = String::new();
        if self.reader.read_line(&mut reply)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(reply.trim_end().to_owned())
    }
}

/// One line of input; the end of the input ends the client.
fn input(prompt: &str) -> io::Result<String> {
    print!("{prompt}");
    io::stdout().flush()?;
    let mut line = String::new();
    if io::stdin().read_line(&mut line)? == 0 {
        println!();
        exit(0);
    }
    Ok(line.trim().to_owned())
}

/// A number that makes sense, or None.
fn number(prompt: &str) -> io::Result<Option<u32>> {
    Ok(input(prompt)?.parse().ok())
}

fn show_table(server: &mut Server) -> io::Result<()> {
    for row in server.ask("table")?.split(';') {
        if let [n, title, left] = row.split('=').collect::<Vec<&str>>()[..] {
            println!("  {n}) {title:<12} {left:>4}");
        }
    }
    Ok(())
}

fn look(server: &mut Server) -> io::Result<()> {
    let Some(show) = number("film? ")? else {
        println!("A number, please.");
        return Ok(());
    };
    match server.ask(&format!("left {show}"))?.split_once(' ') {
        Some(("left", "0")) => println!("Full house."),
        Some(("left", left)) => println!("Still {left} to be had."),
        _ => println!("We do not show that."),
    }
    Ok(())
}

fn take(server: &mut Server) -> io::Result<()> {
    let (Some(show), Some(seats)) = (number("film? ")?, number("seats? ")?) else {
        println!("Nothing taken: numbers, please.");
        return Ok(());
    };
    match server.ask(&format!("take {show} {seats}"))?.split_once(' ') {
        Some(("taken", left)) => println!("They are yours. {left} remain."),
        Some(("short", left)) => println!("Nothing taken: {left} remain."),
        _ => println!("Nothing taken: ask for a film that we show, and one seat at least."),
    }
    Ok(())
}

fn main() -> io::Result<()> {
    let host = env::args().nth(1).unwrap_or_else(|| "127.0.0.1".to_owned());
    let stream = TcpStream::connect((host.as_str(), PORT))?;
    let mut server = Server { reader: BufReader::new(stream) };
    loop {
        match input("table, look, take or exit: ")?.as_str() {
            "table" => show_table(&mut server)?,
            "look" => look(&mut server)?,
            "take" => take(&mut server)?,
            "exit" => return Ok(()),
            _ => println!("I know four words."),
        }
    }
}
