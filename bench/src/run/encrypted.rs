//! TLS: what q7 costs beside q5, and its handshakes beside each other and beside a bare `rustls` pair.

use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use common::client::ask::Ask;
use harness::address;
use harness::client::trusting_trial;
use harness::stage::Stage;
use harness::tunnel::trusting;
use q5_sockets::armour::deadline::Deadline;
use q5_sockets::stream::{Layer, Stream, Tcp};
use q7_tls::authority::{Authority, valid_for, write};
use q7_tls::client::ClientLayer;
use q7_tls::options::ClientOptions;
use rustls::client::Resumption;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};

use crate::baseline::handshakes::Bare;
use crate::clients::connection::client;
use crate::clients::load;
use crate::context::Context;
use crate::machine::interrupt;
use crate::results::counts::Encrypted;
use crate::results::group::Affinity;
use crate::results::row::Protocol;
use crate::results::spread::Spread;
use crate::target::Target;
use crate::target::server::{Server, Settings};

/// The name of these measurements.
pub const GROUP: &str = "TLS";
/// The address of every server here, as its certificate has it.
const HOST: &str = "127.0.0.1";
/// Handshakes of each kind in a round.
const HANDSHAKES: usize = 60;
/// Clients that shake hands at the same time.
const CLIENTS: usize = 4;
/// The shortest trial: a percentile needs samples.
const TRIAL_MIN: Duration = Duration::from_millis(100);
/// How long one handshake may take.
const HANDSHAKE_MAX: Duration = Duration::from_secs(10);
/// How long to wait for a ticket, which comes after the handshake.
const TICKET_MAX: Duration = Duration::from_millis(100);

/// Measures q7 (`tls`) beside q5 (`plain`).
///
/// # Errors
/// If a server fails.
pub fn measure(context: &Context, plain: &Target, tls: &Target) -> anyhow::Result<Encrypted> {
    context.progress.say("q7 beside q5");
    let settings = Settings::default();
    let servers = [
        Server::start(plain, context.work(), &settings)?,
        Server::start(tls, context.work(), &settings)?,
    ];
    let folder = tempfile::tempdir_in(context.work()).context("cannot make a directory")?;
    let known = known_options(folder.path())?;
    let with_clients = Settings { options: known, ..Settings::default() };
    let known_server = Server::start(tls, context.work(), &with_clients)?;
    let [anybody, somebody] = [
        trusting_trial(&servers[1].dir(), HANDSHAKE_MAX),
        known_client(folder.path(), &known_server),
    ];
    let bare = Bare::start(&servers[1].dir())?;
    let mut rounds: [Vec<f64>; 4] = Default::default();
    for _ in 0..context.rounds {
        context.cpus.enter(Affinity::OneCpu)?;
        let time = context.segment.max(TRIAL_MIN);
        let p50 = view_p50(&servers[1], Protocol::Tls, time)?
            / view_p50(&servers[0], Protocol::Sockets, time)?;
        let quotients = [p50, resumed_to_full(&anybody)?, resumed_to_full(&somebody)?];
        context.cpus.enter(Affinity::Free)?;
        let ours = rate(&address::of(&servers[1].dir()), &servers[1].dir(), time)?;
        let of_pair = ours / rate(&bare.address, &servers[1].dir(), time)?;
        for (round, figure) in rounds.iter_mut().zip(quotients.into_iter().chain([of_pair])) {
            round.push(figure);
        }
        context.progress.step(1);
    }
    drop(bare);
    known_server.stop(tls)?;
    let [plain_server, tls_server] = servers;
    plain_server.stop(plain)?;
    tls_server.stop(tls)?;
    let [view_p50, resumed, resumed_known, pair] = rounds.map(Spread::of);
    Ok(Encrypted { view_p50, resumed, resumed_known, pair })
}

/// Which targets these are, if both are measured.
pub fn pair(targets: &[Target]) -> Option<[&Target; 2]> {
    let find = |stage| targets.iter().find(|target| target.which() == Some(stage));
    Some([find(Stage::Q5Sockets)?, find(Stage::Q7Tls)?])
}

fn view_p50(server: &Server, protocol: Protocol, time: Duration) -> anyhow::Result<f64> {
    let mut client = client(protocol, &server.dir())?;
    let mut histogram = load::histogram();
    let end = Instant::now() + time;
    let mut before = Instant::now();
    while before < end {
        client.ask(Ask::View { show: 1 })?;
        let now = Instant::now();
        let took = (now - before).as_nanos() as u64;
        histogram.record(took).context("cannot record a latency")?;
        before = now;
    }
    Ok(histogram.value_at_quantile(0.5) as f64)
}

/// The median time of handshakes with a ticket / of those without one.
fn resumed_to_full(options: &ClientOptions) -> anyhow::Result<f64> {
    let keeps = ClientLayer::new(options);
    handshake(&keeps, options)?;
    let (mut full, mut resumed) = (Vec::new(), Vec::new());
    for _ in 0..HANDSHAKES {
        full.push(handshake(&ClientLayer::new(options), options)?);
        resumed.push(handshake(&keeps, options)?);
    }
    let median = |mut all: Vec<f64>| {
        all.sort_by(f64::total_cmp);
        all[all.len() / 2]
    };
    Ok(median(resumed) / median(full))
}

/// Seconds of one handshake; its connection is closed after that, with the ticket kept.
fn handshake(layer: &ClientLayer, options: &ClientOptions) -> anyhow::Result<f64> {
    let socket = Arc::new(TcpStream::connect(&options.connect).context("cannot connect")?);
    let tcp = Tcp::new(socket, HANDSHAKE_MAX)?;
    // The certificates are read before the first handshake is timed.
    layer.prepare()?;
    let begin = Instant::now();
    let mut tls = layer.open(tcp, Deadline::after(HANDSHAKE_MAX)).context("no handshake")?;
    let took = begin.elapsed();
    let end = Instant::now() + TICKET_MAX;
    while tls.tcp().is_silent() && Instant::now() < end {
        interrupt::pause(Duration::from_micros(50))?;
    }
    tls.is_quiet();
    tls.finish();
    Ok(took.as_secs_f64())
}

/// Full handshakes per second of several clients.
fn rate(address: &str, dir: &Path, time: Duration) -> anyhow::Result<f64> {
    let mut config: ClientConfig = (*trusting(&dir.join("tls/ca.pem"))?).clone();
    config.resumption = Resumption::disabled();
    let config = Arc::new(config);
    let end = Instant::now() + time;
    let shake = || -> anyhow::Result<u32> {
        let mut count = 0;
        while Instant::now() < end {
            let mut socket = TcpStream::connect(address).context("cannot connect")?;
            socket.set_nodelay(true)?;
            let name = ServerName::try_from(HOST)?;
            let mut tls = ClientConnection::new(config.clone(), name)?;
            while tls.is_handshaking() || tls.wants_write() {
                tls.complete_io(&mut socket).context("no handshake")?;
            }
            tls.send_close_notify();
            tls.write_tls(&mut socket)?;
            count += 1;
        }
        Ok(count)
    };
    let counts: anyhow::Result<Vec<u32>> = thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(shake)).collect();
        clients.into_iter().map(|client| client.join().expect("it does not panic")).collect()
    });
    Ok(f64::from(counts?.iter().sum::<u32>()) / time.as_secs_f64())
}

/// The options of a server that asks for certificates, which are made in a folder.
fn known_options(folder: &Path) -> anyhow::Result<Vec<String>> {
    let authority = Authority::new()?;
    let server = authority.server(&[HOST.to_owned()], valid_for(1))?;
    let client = authority.client("bench", valid_for(1))?;
    write(&folder.join("ca.pem"), authority.pem())?;
    for (name, issued) in [("server", server), ("client", client)] {
        write(&folder.join(format!("{name}.pem")), &issued.cert)?;
        write(&folder.join(format!("{name}.key")), &issued.key)?;
    }
    let options = [("--cert", "server.pem"), ("--key", "server.key"), ("--client-ca", "ca.pem")];
    let words = options.map(|(option, file)| {
        [option.to_owned(), folder.join(file).to_string_lossy().into_owned()]
    });
    Ok(words.concat())
}

fn known_client(folder: &Path, server: &Server) -> ClientOptions {
    let file = |name: &str| Some(folder.join(name));
    let trial = trusting_trial(&server.dir(), HANDSHAKE_MAX);
    ClientOptions { ca: file("ca.pem"), cert: file("client.pem"), key: file("client.key"), ..trial }
}
