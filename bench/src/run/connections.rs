//! Idle connections: what each of them takes, and whether an active client notices them.

use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use clap::ValueEnum;
use harness::address;
use harness::client::trusting_trial;
use q5_sockets::armour::deadline::Deadline;
use q5_sockets::stream::{Layer, Tcp};
use q7_tls::channel::Tls;
use q7_tls::client::ClientLayer;

use crate::clients::{Clients, load};
use crate::context::Context;
use crate::machine::{descriptors, interrupt, memory};
use crate::results::counts::Connections;
use crate::results::group::{Affinity, Question};
use crate::results::row::{Exchange, Protocol};
use crate::results::spread::Spread;
use crate::target::process::{Process, ourselves};
use crate::target::server::{Server, Settings};
use crate::target::{Program, Target, Transport};

/// The name of these measurements.
pub const GROUP: &str = "idle connections";
/// How long they may take to come and to go.
const OPEN_MAX: Duration = Duration::from_secs(60);
/// The shortest trial: a percentile needs samples.
const TRIAL_MIN: Duration = Duration::from_millis(100);

/// Whether connections of it can be idle, and be limited by an option.
pub fn can_be_idle(target: &Target) -> bool {
    let is_ours = |program: &Program| program.stage.is_some();
    target
        .program()
        .is_some_and(|it| is_ours(it) && [Protocol::Sockets, Protocol::Tls].contains(&it.protocol))
}

/// Measures one stage.
///
/// # Errors
/// If the server fails, or a limit is too low.
pub fn measure(context: &Context, target: &Target) -> anyhow::Result<Connections> {
    context.progress.say(&format!("{} {GROUP} of {}", context.connections, target.name()));
    context.cpus.enter(Affinity::OneCpu)?;
    let measured = with_and_without(context, target);
    context.cpus.enter(Affinity::Free)?;
    measured
}

fn with_and_without(context: &Context, target: &Target) -> anyhow::Result<Connections> {
    let count = context.connections;
    let settings = Settings::default().with_room(count);
    let server = Server::start(target, context.work(), &settings)?;
    let mut clients = Clients::start(target, &server.dir(), 1)?;
    // A connection has its thread when it has been answered, not when it is open.
    clients.ask_times(Question::View, 1)?;
    let few = (server.n_descriptors()?, server.n_threads());
    let has_thread_each = target.exchange() == Some(Exchange::ThreadPerConnection);
    let more = (count, if has_thread_each { count } else { 0 });
    let time = context.segment.max(TRIAL_MIN);
    let mut kib_each = Vec::new();
    let mut quotients = Vec::new();
    for _ in 0..context.rounds {
        let without = p99(&mut clients, time)?;
        let before = unreclaimable(context, &server)?;
        let mut idle = open(target, &server, count)?;
        let have_come = |(files, threads)| files >= few.0 + more.0 && threads >= few.1 + more.1;
        wait(&server, have_come, "have come")?;
        kib_each.push((unreclaimable(context, &server)? - before) / count as f64);
        quotients.push(p99(&mut clients, time)? / without);
        idle.stop(None)?;
        let have_gone = |(files, threads)| files <= few.0 && threads <= few.1;
        wait(&server, have_gone, "have gone")?;
        context.progress.step(1);
    }
    clients.stop()?;
    server.stop(target)?;
    // The first round's: later ones find memory that the server has kept.
    let kib_each = *kib_each.first().context("there is a round")?;
    let p99_ratio = Spread::of(quotients);
    Ok(Connections { server: target.name(), count, kib_each, p99_ratio })
}

/// KiB that the kernel cannot take back: the server's written pages, and the kernel's own.
fn unreclaimable(context: &Context, server: &Server) -> anyhow::Result<f64> {
    let (pids, n_threads) = (server.pids(), server.n_threads());
    let memory = memory::of(&pids, n_threads, context.kernel_stack_kib)?;
    Ok((memory.private_dirty + memory::of_kernel()?) as f64)
}

/// The 99th percentile of an active client, in nanoseconds.
fn p99(clients: &mut Clients, time: Duration) -> anyhow::Result<f64> {
    let mut histogram = load::histogram();
    for (value, count) in clients.ask_for(Question::View, time, None)?.remove(0).samples {
        histogram.record_n(value, count).context("cannot record a latency")?;
    }
    Ok(histogram.value_at_quantile(0.99) as f64)
}

fn open(target: &Target, server: &Server, count: usize) -> anyhow::Result<Process> {
    let mut command = ourselves()?;
    let transport = target.transport().and_then(|it| it.to_possible_value());
    let transport = transport.context("it has no clients of ours")?;
    command.arg("idle").arg(transport.get_name()).arg(server.dir()).arg(count.to_string());
    let mut process = Process::start("the idle clients".to_owned(), &mut command)?;
    let line = process.read_line(OPEN_MAX)?;
    ensure!(line == "ready", "the idle clients say {line:?}");
    Ok(process)
}

/// Waits until the server has as many descriptors and threads as it should.
fn wait(server: &Server, is_so: impl Fn((usize, usize)) -> bool, what: &str) -> anyhow::Result<()> {
    let deadline = Instant::now() + OPEN_MAX;
    loop {
        let (files, threads) = (server.n_descriptors()?, server.n_threads());
        if is_so((files, threads)) {
            return Ok(());
        }
        ensure!(
            Instant::now() < deadline,
            "not all connections {what} within {OPEN_MAX:?}: the server has {files} descriptors and \
             {threads} threads"
        );
        interrupt::pause(Duration::from_millis(5))?;
    }
}

/// One of them.
enum Held {
    Plain { _socket: TcpStream },
    Tls { _stream: Tls },
}

/// The process that holds them: opens them, and keeps them until its standard input ends.
///
/// # Errors
/// If one cannot be opened.
pub fn hold(transport: Transport, dir: &Path, count: usize) -> anyhow::Result<u8> {
    descriptors::raise_limit()?;
    let address = address::of(dir);
    let layer = ClientLayer::new(&trusting_trial(dir, OPEN_MAX));
    let open = |number| {
        let socket = TcpStream::connect(&address)
            .with_context(|| format!("cannot open connection {number} of {count}"))?;
        // One that encrypts is idle after its handshake.
        if transport != Transport::Tls {
            return Ok(Held::Plain { _socket: socket });
        }
        let tcp = Tcp::new(Arc::new(socket), OPEN_MAX)?;
        let tls = layer.open(tcp, Deadline::after(OPEN_MAX));
        Ok(Held::Tls { _stream: tls.with_context(|| format!("no handshake {number}"))? })
    };
    let _streams = (0..count).map(open).collect::<anyhow::Result<Vec<Held>>>()?;
    println!("ready");
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink()).context("cannot wait")?;
    Ok(0)
}
