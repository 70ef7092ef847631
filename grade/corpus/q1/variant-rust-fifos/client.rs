//! The client of question 1 in Rust: "?2" looks at show 2, "!2 4" books four seats of it.

use std::ffi::{c_char, c_int, c_uint, CString};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::process;

const TITLES: [&str; 4] = ["Don Giovanni", "Aïda", "Orphée", "Lulu"];
const O_NONBLOCK: c_int = 0o4000;

extern "C" {
    fn mkfifo(path: *const c_char, mode: c_uint) -> c_int;
}

/// The verdict and the seats that are left.
fn ask(fifo: &str, show: &str, seats: &str) -> io::Result<(String, i64)> {
    let mut random = [0; 8];
    File::open("/dev/urandom")?.read_exact(&mut random)?;
    let token = u64::from_ne_bytes(random).to_string();
    let path = format!("reply.{}", process::id());
    let _ = fs::remove_file(&path);
    // It is there, and open, before the server can look for it.
    if unsafe { mkfifo(CString::new(path.as_str())?.as_ptr(), 0o600) } == -1 {
        return Err(io::Error::last_os_error());
    }
    let replies = OpenOptions::new().read(true).write(true).open(&path)?;
    // Without a server nobody reads there: an error, and no endless wait.
    let requests = OpenOptions::new().write(true).custom_flags(O_NONBLOCK).open(fifo);
    let request = format!("{} {token} {show} {seats}\n", process::id());
    requests.and_then(|mut requests| requests.write_all(request.as_bytes())).inspect_err(|_| {
        let _ = fs::remove_file(&path);
    })?;
    for line in BufReader::new(replies).lines() {
        let line = line?;
        if let [of, verdict, left] = line.split(' ').collect::<Vec<_>>()[..] {
            if of == token {
                return Ok((verdict.to_owned(), left.parse().unwrap_or(0)));
            }
        }
    }
    Err(io::ErrorKind::UnexpectedEof.into())
}

/// A word without blanks, so that the request stays one.
fn word(text: Option<&str>) -> &str {
    text.filter(|text| text.len() < 20).unwrap_or("-")
}

fn look(show: &str) -> io::Result<()> {
    match ask("look.fifo", show, "-")? {
        (verdict, _) if verdict == "unknown" => println!("Ce spectacle n'est pas à l'affiche."),
        (_, 0) => println!("Il n'y a plus une place."),
        (_, left) => println!("Il reste {left} places."),
    }
    Ok(())
}

fn book(show: &str, seats: &str) -> io::Result<()> {
    let (verdict, left) = ask("book.fifo", show, seats)?;
    match verdict.as_str() {
        "yes" => println!("C'est d'accord, reste {left}."),
        "no" => println!("Ce n'est pas possible, reste {left}."),
        _ => println!("Ce n'est pas possible : pas à l'affiche."),
    }
    Ok(())
}

fn main() -> io::Result<()> {
    for (n, title) in TITLES.iter().enumerate() {
        let show = (n + 1).to_string();
        println!(" {show} {title} : {}", ask("look.fifo", &show, "-")?.1);
    }
    loop {
        print!("?spectacle, !spectacle places, ou rien : ");
        io::stdout().flush()?;
        let mut line = String::new();
        if io::stdin().read_line(&mut line)? == 0 || line.trim().is_empty() {
            return Ok(());
        }
        let (order, rest) = line.trim().split_at(line.chars().next().map_or(0, char::len_utf8));
        let mut words = rest.split_whitespace();
        match order {
            "?" => look(word(words.next()))?,
            "!" => book(word(words.next()), word(words.next()))?,
            _ => println!("Pardon ?"),
        }
    }
}
