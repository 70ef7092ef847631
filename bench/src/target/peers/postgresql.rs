//! PostgreSQL: a process for each connection, a transaction for each reservation.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail, ensure};
use harness::address;
use nix::sys::signal::Signal;
use nix::unistd::{User, geteuid};

use crate::results::group::Question;
use crate::target::peers::start::{self, SEATS, SHOWS, password, password_file};
use crate::target::process::Process;

/// Where Debian keeps its programs, by version.
const DEBIAN: &str = "/usr/lib/postgresql";
/// Who runs it where we are root, which it refuses to be.
const USER: &str = "postgres";
/// Connections beyond the clients'.
const MORE: usize = 16;

/// The folder of its programs.
///
/// # Errors
/// If it is not installed, or could not reach a directory below `work`.
pub fn find(work: &Path) -> anyhow::Result<PathBuf> {
    let versions = fs::read_dir(DEBIAN).into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = versions.map(|entry| entry.path().join("bin")).collect();
    folders.sort();
    let in_path = || Some(start::in_path("postgres").ok()?.parent()?.to_owned());
    let is_whole = |folder: &PathBuf| {
        ["initdb", "postgres", "psql", "pgbench"].iter().all(|name| folder.join(name).is_file())
    };
    let found = folders.into_iter().rev().chain(in_path()).find(is_whole);
    let found = found.context("there is no folder with initdb, postgres, psql and pgbench")?;
    if user()?.is_some() {
        let closed = work
            .ancestors()
            .skip(1)
            .find(|folder| fs::metadata(folder).is_ok_and(|metadata| metadata.mode() & 0o001 == 0));
        if let Some(folder) = closed {
            bail!("its user {USER} may not enter {}: choose another --out", folder.display());
        }
    }
    Ok(found)
}

/// Whom it runs as; None: as ourselves.
fn user() -> anyhow::Result<Option<User>> {
    if !geteuid().is_root() {
        return Ok(None);
    }
    let user = User::from_name(USER).context("cannot look up a user")?;
    Ok(Some(user.with_context(|| format!("there is no user {USER}"))?))
}

/// Makes a database in `dir`, starts it, and waits until it answers.
///
/// # Errors
/// If it does not.
pub fn start(programs: &Path, dir: &Path, connections: usize) -> anyhow::Result<Process> {
    let port = start::free_port()?;
    start::make_password(dir)?;
    let user = user()?;
    let as_user = |program: &str| {
        let mut command = Command::new(programs.join(program));
        if let Some(user) = &user {
            command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
        }
        command.current_dir(dir);
        command
    };
    if let Some(user) = &user {
        let owner = (Some(user.uid.as_raw()), Some(user.gid.as_raw()));
        for path in [dir, &password_file(dir)] {
            chown(path, owner.0, owner.1).context("cannot give a directory away")?;
        }
        // Others may go through, and read nothing: the server's own directory is of mode 0700.
        for folder in dir.ancestors().skip(1).take(2) {
            let through = Permissions::from_mode(0o711);
            fs::set_permissions(folder, through).context("cannot open a directory")?;
        }
    }
    let data = dir.join("data");
    let mut initdb = as_user("initdb");
    initdb.arg("--pwfile").arg(password_file(dir)).arg("-D").arg(&data);
    initdb.args(["-U", USER, "--auth=scram-sha-256", "--no-locale", "-E", "UTF8"]);
    said(&mut initdb)?;
    let log = File::create(dir.with_file_name("log")).context("cannot make a log")?;
    let mut command = as_user("postgres");
    command.arg("-D").arg(&data).stderr(log).args(["-p", &port.to_string()]);
    for setting in [
        "listen_addresses=127.0.0.1".to_owned(),
        "unix_socket_directories=".to_owned(),
        format!("max_connections={}", connections + MORE),
    ] {
        command.args(["-c", &setting]);
    }
    let mut process = Process::start("PostgreSQL".to_owned(), &mut command)?;
    process.let_it_tidy_up(Signal::SIGINT);
    address::remember(dir, format!("ready postgresql 127.0.0.1:{port}"));
    let table = format!(
        "CREATE TABLE shows (id integer PRIMARY KEY, seats integer NOT NULL);
         INSERT INTO shows SELECT id, {SEATS} FROM generate_series(1, {SHOWS}) AS id"
    );
    start::wait_until_ready(&mut process, || sql(programs, dir, "SELECT 1"))?;
    sql(programs, dir, &table)?;
    Ok(process)
}

/// What it says of itself: its version, and the settings that make it durable.
///
/// # Errors
/// If it does not answer.
pub fn describe(programs: &Path, dir: &Path) -> anyhow::Result<(String, String)> {
    let version = sql(programs, dir, "SHOW server_version")?;
    let mut settings = vec!["pgbench -M prepared".to_owned()];
    for name in ["fsync", "synchronous_commit", "wal_sync_method", "commit_delay", "shared_buffers"]
    {
        settings.push(format!("{name} {}", sql(programs, dir, &format!("SHOW {name}"))?));
    }
    Ok((version, settings.join(", ")))
}

/// The seats that all shows have left.
///
/// # Errors
/// If it does not answer.
pub fn seats_left(programs: &Path, dir: &Path) -> anyhow::Result<i64> {
    let sum = sql(programs, dir, "SELECT sum(seats) FROM shows")?;
    sum.parse().context("PostgreSQL says no number")
}

/// One of its client programs, told where the server of `dir` is.
///
/// # Errors
/// If there is no address or no password.
pub fn client(programs: &Path, program: &str, dir: &Path) -> anyhow::Result<Command> {
    let address = address::of(dir);
    let (host, port) = address.rsplit_once(':').context("an address has a port")?;
    let mut command = Command::new(programs.join(program));
    command.args(["-h", host, "-p", port, "-U", USER]).env("PGPASSWORD", password(dir)?);
    Ok(command)
}

/// What a client of pgbench asks again and again; its show stays the same, as that of our clients does.
pub fn transaction(question: Question) -> String {
    let show = format!("\\set show :client_id % {SHOWS} + 1\n\\set wanted 1\n");
    match question {
        Question::View | Question::List => show + "SELECT seats FROM shows WHERE id = :show;\n",
        Question::Reserve => {
            show + "UPDATE shows SET seats = seats - :wanted WHERE id = :show AND seats >= :wanted;\n"
        }
    }
}

/// What a program says.
///
/// # Errors
/// If it fails; quotes what it complains about.
pub fn said(command: &mut Command) -> anyhow::Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| format!("cannot start {name}"))?;
    let error = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{name} has failed: {}", error.trim_end());
    Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
}

fn sql(programs: &Path, dir: &Path, statement: &str) -> anyhow::Result<String> {
    said(client(programs, "psql", dir)?.args(["-qAtX", "-c", statement, "postgres"]))
}
