//! Redis: one thread with an event loop, a script for a reservation, a log that is synced before each
//! reply.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use harness::address;
use nix::sys::signal::Signal;

use crate::results::group::Question;
use crate::target::peers::start::{self, SEATS, SHOWS, password};
use crate::target::process::Process;

/// Takes seats if they are there, and says how many are left; -1: there are too few.
const SCRIPT: &str = "local left = tonumber(redis.call('GET', KEYS[1])) \
    local wanted = tonumber(ARGV[1]) \
    if wanted <= 0 or left < wanted then return -1 end \
    return redis.call('DECRBY', KEYS[1], wanted)";
/// The SHA-1 of the script: what Redis calls it.
const SCRIPT_SHA: &str = "85d15576a09b1e619875e049983f415ef8a1940d";
/// How long it may take to answer.
const ANSWER_MAX: Duration = Duration::from_secs(20);
/// Descriptors and connections beyond the clients'.
const MORE: usize = 64;

/// Starts it in `dir`, and waits until it answers.
///
/// # Errors
/// If it does not.
pub fn start(program: &Path, dir: &Path, connections: usize) -> anyhow::Result<Process> {
    let port = start::free_port()?;
    let password = start::make_password(dir)?;
    let mut settings = String::new();
    for (name, value) in [
        ("bind", "127.0.0.1"),
        ("port", &port.to_string()),
        ("tcp-backlog", "4096"),
        ("requirepass", &password),
        ("dir", &dir.display().to_string()),
        ("maxclients", &(connections + MORE).to_string()),
        ("appendonly", "yes"),
        ("appendfsync", "always"),
        ("save", "\"\""),
    ] {
        writeln!(settings, "{name} {value}").context("cannot write a setting")?;
    }
    let file = dir.join("redis.conf");
    fs::write(&file, settings).with_context(|| format!("cannot write {}", file.display()))?;
    let log = File::create(dir.with_file_name("log")).context("cannot make a log")?;
    let mut command = Command::new(program);
    command.arg(&file).arg("--logfile").arg(dir.with_file_name("log")).stderr(log);
    let mut process = Process::start("Redis".to_owned(), &mut command)?;
    process.let_it_tidy_up(Signal::SIGTERM);
    address::remember(dir, format!("ready redis 127.0.0.1:{port}"));
    let mut session = start::wait_until_ready(&mut process, || Session::open(dir))?;
    for show in 1..=SHOWS {
        session.ask(&["SET", &key(show), &SEATS.to_string()])?;
    }
    let sha = session.ask(&["SCRIPT", "LOAD", SCRIPT])?;
    ensure!(sha == SCRIPT_SHA, "Redis calls the script {sha}");
    Ok(process)
}

/// What it says of itself: its version, and the settings that make it durable.
///
/// # Errors
/// If it does not answer.
pub fn describe(dir: &Path) -> anyhow::Result<(String, String)> {
    let mut session = Session::open(dir)?;
    let info = session.ask(&["INFO", "server"])?;
    let version = info.lines().find_map(|line| line.strip_prefix("redis_version:"));
    let mut settings = vec!["EVALSHA of a script that takes seats if they are there".to_owned()];
    for name in ["appendonly", "appendfsync", "save", "io-threads"] {
        settings.push(session.ask(&["CONFIG", "GET", name])?.trim_end().to_owned());
    }
    Ok((version.context("Redis says no version")?.to_owned(), settings.join(", ")))
}

/// The seats that all shows have left.
///
/// # Errors
/// If it does not answer.
pub fn seats_left(dir: &Path) -> anyhow::Result<i64> {
    let mut session = Session::open(dir)?;
    let mut sum = 0;
    for show in 1..=SHOWS {
        let left = session.ask(&["GET", &key(show)])?;
        sum += left.parse::<i64>().context("Redis says no number")?;
    }
    Ok(sum)
}

/// A question of the box office in its words; reservations take one seat.
pub fn question(question: Question, show: i32) -> Vec<u8> {
    let key = key(show);
    match question {
        Question::View | Question::List => command(&["GET", &key]),
        Question::Reserve => command(&["EVALSHA", SCRIPT_SHA, "1", &key, "1"]),
    }
}

/// The bytes of a command.
pub fn command(words: &[&str]) -> Vec<u8> {
    let mut text = format!("*{}\r\n", words.len());
    for word in words {
        text += &format!("${}\r\n{word}\r\n", word.len());
    }
    text.into_bytes()
}

fn key(show: i32) -> String {
    format!("show:{show}")
}

/// A connection that asks one thing after the other.
struct Session {
    stream: BufReader<TcpStream>,
}

impl Session {
    fn open(dir: &Path) -> anyhow::Result<Session> {
        let stream = TcpStream::connect(address::of(dir)).context("cannot connect to Redis")?;
        stream.set_read_timeout(Some(ANSWER_MAX)).context("cannot set a timeout")?;
        let mut session = Session { stream: BufReader::new(stream) };
        session.ask(&["AUTH", &password(dir)?])?;
        Ok(session)
    }

    /// What it answers; the parts of a list with a blank between them.
    fn ask(&mut self, words: &[&str]) -> anyhow::Result<String> {
        self.stream.get_mut().write_all(&command(words)).context("cannot ask Redis")?;
        self.answer()
    }

    fn answer(&mut self) -> anyhow::Result<String> {
        let mut line = String::new();
        self.stream.read_line(&mut line).context("Redis does not answer")?;
        let Some((sign, rest)) = line.trim_end().split_at_checked(1) else {
            bail!("Redis has closed the connection");
        };
        match sign {
            "+" | ":" => Ok(rest.to_owned()),
            "$" => {
                let size: usize = rest.parse().context("Redis has no such value")?;
                let mut bytes = vec![0; size + 2];
                self.stream.read_exact(&mut bytes).context("Redis does not answer")?;
                bytes.truncate(size);
                String::from_utf8(bytes).context("Redis answers no text")
            }
            "*" => {
                let parts: usize = rest.parse().context("Redis answers no list")?;
                let parts = (0..parts).map(|_| self.answer()).collect::<anyhow::Result<Vec<_>>>();
                Ok(parts?.join(" "))
            }
            _ => bail!("Redis answers {rest}"),
        }
    }
}
