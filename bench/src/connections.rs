//! Idle connections: what each of them takes, and whether an active client notices them.

use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use harness::address;
use harness::stage::Mechanism;
use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::memory;
use crate::process::Process;
use crate::results::server::Connections;
use crate::results::timing::{Placement, Question, Spread};
use crate::run::Bench;
use crate::server::{Server, Settings, ourselves};
use crate::subject::Subject;
use crate::team::Team;
use crate::{interrupt, pace};

/// The name of these measurements.
pub const GROUP: &str = "idle connections";
/// Connections beyond the idle ones that the server must have room for.
const MORE: usize = 24;
/// The server's limit if it is not told another.
const ITS_LIMIT: usize = 1024;
/// How long they may take to come and to go.
const OPEN_MAX: Duration = Duration::from_secs(60);
/// The shortest turn: a percentile needs samples.
const TURN_MIN: Duration = Duration::from_millis(100);

/// Whether connections of it can be idle, and be limited by an option.
pub fn can_be_idle(subject: &Subject) -> bool {
    subject.mechanism() == Some(Mechanism::Sockets) && subject.which().is_some()
}

/// Measures one stage.
///
/// # Errors
/// If the server fails, or a limit is too low.
pub fn measure(bench: &mut Bench, subject: &Subject) -> anyhow::Result<Connections> {
    bench.say(&format!("{}: {} {GROUP}", subject.name, bench.connections));
    bench.cpus.enter(Placement::OneCpu)?;
    let measured = with_and_without(bench, subject);
    bench.cpus.enter(Placement::Free)?;
    measured
}

fn with_and_without(bench: &Bench, subject: &Subject) -> anyhow::Result<Connections> {
    let count = bench.connections;
    let mut settings = Settings::default();
    if count + MORE > ITS_LIMIT {
        settings.options = vec!["--max-connections".to_owned(), (count + MORE).to_string()];
    }
    let server = Server::start(subject, bench.work(), &settings)?;
    let mut team = Team::start(subject, &server.dir(), 1)?;
    let few = server.n_threads();
    let turn = bench.segment.max(TURN_MIN);
    let mut kib_each = Vec::new();
    let mut quotients = Vec::new();
    for _ in 0..bench.rounds {
        let without = p99(&mut team, turn)?;
        let before = kept(bench, &server)?;
        let mut idle = open(&server, count)?;
        wait_until(|| server.n_threads() >= few + count, "all connections are accepted")?;
        kib_each.push((kept(bench, &server)? - before) / count as f64);
        quotients.push(p99(&mut team, turn)? / without);
        idle.stop(None)?;
        wait_until(|| server.n_threads() <= few, "all connections are closed")?;
        bench.step(1);
    }
    team.stop()?;
    server.stop(subject)?;
    // The first round's: later ones find memory that the server has kept.
    let kib_each = *kib_each.first().context("there is a round")?;
    let p99_ratio = Spread::of(quotients);
    Ok(Connections { stage: subject.name.clone(), count, kib_each, p99_ratio })
}

/// KiB that the kernel cannot take back: the server's written pages, and the kernel's own.
fn kept(bench: &Bench, server: &Server) -> anyhow::Result<f64> {
    let server = memory::of(server, bench.kernel_stack_kib)?.private_dirty;
    Ok((server + memory::of_kernel()?) as f64)
}

/// The 99th percentile of an active client, in nanoseconds.
fn p99(team: &mut Team, time: Duration) -> anyhow::Result<f64> {
    let mut histogram = pace::histogram();
    for (value, count) in team.ask_for(Question::View, time, None)?.remove(0).samples {
        histogram.record_n(value, count).context("cannot record a latency")?;
    }
    Ok(histogram.value_at_quantile(0.99) as f64)
}

fn open(server: &Server, count: usize) -> anyhow::Result<Process> {
    let mut command = ourselves()?;
    command.arg("idle").arg(server.dir()).arg(count.to_string());
    let mut process = Process::start("the idle clients".to_owned(), &mut command)?;
    let line = process.read_line(OPEN_MAX)?;
    ensure!(line == "ready", "the idle clients say {line:?}");
    Ok(process)
}

fn wait_until(is_so: impl Fn() -> bool, what: &str) -> anyhow::Result<()> {
    let deadline = Instant::now() + OPEN_MAX;
    while !is_so() {
        ensure!(Instant::now() < deadline, "not within {OPEN_MAX:?}: {what}");
        interrupt::pause(Duration::from_millis(5))?;
    }
    Ok(())
}

/// The process that holds them: opens them, and keeps them until its standard input ends.
///
/// # Errors
/// If one cannot be opened.
pub fn hold(dir: &Path, count: usize) -> anyhow::Result<u8> {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).context("cannot ask for a limit")?;
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard).context("cannot raise a limit")?;
    let address = address::of(dir);
    let open = |number| {
        TcpStream::connect(&address)
            .with_context(|| format!("cannot open connection {number} of {count}"))
    };
    let _streams: Vec<TcpStream> = (0..count).map(open).collect::<anyhow::Result<_>>()?;
    println!("ready");
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink()).context("cannot wait")?;
    Ok(0)
}
