//! Everything of one server that needs no clock.

use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::clients::Clients;
use crate::clients::order::Length;
use crate::context::Context;
use crate::counts::allocations::Allocations;
use crate::counts::nothing::Nothing;
use crate::counts::{cost, lines};
use crate::machine::{interrupt, memory};
use crate::results::counts::{BaselineCounts, Memory, ServerCounts};
use crate::results::group::{Affinity, Question};
use crate::results::row::{Baseline, Exchange};
use crate::results::spread::Spread;
use crate::target::Target;
use crate::target::server::{Server, Settings};

/// How often threads are counted while clients ask.
const COUNT_INTERVAL: Duration = Duration::from_millis(5);
/// Clients that ask meanwhile.
const CLIENTS: usize = 16;
/// What one client asks before its server's memory is read once more: 10 000 requests.
const WORKLOAD: [(Question, u64); 3] =
    [(Question::View, 9000), (Question::List, 900), (Question::Reserve, 100)];
/// Seats that these reservations take.
const WORKLOAD_SOLD: i64 = WORKLOAD[2].1 as i64;

/// What it is counted with.
#[derive(Debug)]
pub struct Instruments {
    /// Counts allocations, if there is a C compiler.
    pub allocations: Option<Allocations>,
    /// Does nothing, likewise.
    pub nothing: Option<Nothing>,
}

impl Instruments {
    /// Compiles what is written in C.
    ///
    /// # Errors
    /// If it does not compile.
    pub fn prepare(context: &Context) -> anyhow::Result<Instruments> {
        Ok(Instruments {
            allocations: Allocations::prepare(context.work())?,
            nothing: Nothing::prepare(context.work())?,
        })
    }

    /// Counts everything of one server.
    ///
    /// # Errors
    /// If it fails.
    pub fn count(&self, context: &Context, target: &Target) -> anyhow::Result<ServerCounts> {
        context.progress.say(&format!("memory and calls of {}", target.name()));
        context.cpus.enter(Affinity::OneCpu)?;
        let counted = self.of_server(context, target);
        context.cpus.enter(Affinity::Free)?;
        context.progress.step(1);
        counted
    }

    /// Counts what a bare exchange costs.
    ///
    /// # Errors
    /// If it fails.
    pub fn count_baseline(
        &self,
        context: &Context,
        exchange: Exchange,
    ) -> anyhow::Result<BaselineCounts> {
        let target = Target::baseline(Baseline::plain(exchange));
        context.progress.say(&format!("calls of {}", target.name()));
        context.cpus.enter(Affinity::OneCpu)?;
        let view = cost::per_view(context, self.allocations.as_ref(), &target);
        context.cpus.enter(Affinity::Free)?;
        context.progress.step(1);
        Ok(BaselineCounts { exchange, view: view? })
    }

    fn of_server(&self, context: &Context, target: &Target) -> anyhow::Result<ServerCounts> {
        let settings = Settings::default();
        let program = target.program().context("only servers are counted")?;
        let exchange = target.exchange().context("a server has a bare exchange")?;
        let mut starts = Vec::new();
        for _ in 0..context.starts {
            let server = Server::start(target, context.work(), &settings)?;
            starts.push(server.start.as_secs_f64() * 1000.0);
            server.stop(target)?;
        }
        let mut server = Server::start(target, context.work(), &settings)?;
        let memory_at_rest = memory_of(context, &server)?;
        let (processes, threads_at_rest) = (server.pids().len(), server.n_threads());
        let memory_after = after_workload(context, target, &server);
        let memory_after = server.explain(target, memory_after)?;
        let threads_under_16 = threads_under_load(context, target, &server);
        let threads_under_16 = server.explain(target, threads_under_16)?;
        server.stop(target)?;
        let nothing = self
            .nothing
            .as_ref()
            .map(|nothing| nothing.memory(processes, threads_at_rest, context.kernel_stack_kib));
        let folder =
            target.which().map(|stage| harness::c::root().join(stage.package()).join("src"));
        Ok(ServerCounts {
            name: target.name(),
            foreign: program.stage.is_none(),
            protocol: program.protocol,
            exchange,
            processes,
            threads_at_rest,
            threads_under_16,
            memory_at_rest,
            memory_after,
            memory_of_nothing: nothing.transpose()?,
            start_ms: Spread::of(starts),
            lines_of_code: folder.map(|folder| lines::of(&folder)).transpose()?,
            view: cost::per_view(context, self.allocations.as_ref(), target)?,
        })
    }
}

fn memory_of(context: &Context, server: &Server) -> anyhow::Result<Memory> {
    memory::of(&server.pids(), server.n_threads(), context.kernel_stack_kib)
}

fn after_workload(context: &Context, target: &Target, server: &Server) -> anyhow::Result<Memory> {
    let mut clients = Clients::start(target, &server.dir(), 1)?;
    for (question, count) in WORKLOAD {
        clients.ask_times(question, count)?;
    }
    server.verify_sold(target, WORKLOAD_SOLD)?;
    let memory = memory_of(context, server)?;
    clients.stop()?;
    Ok(memory)
}

/// The most threads that the server has while 16 clients ask.
fn threads_under_load(
    context: &Context,
    target: &Target,
    server: &Server,
) -> anyhow::Result<usize> {
    let mut clients = Clients::start(target, &server.dir(), CLIENTS)?;
    let until = Instant::now() + context.segment;
    let time = context.segment.as_nanos() as u64;
    clients.order(Question::View, None, |begin| Length::Until(begin + time))?;
    let mut most = 0;
    while Instant::now() < until {
        most = most.max(server.n_threads());
        interrupt::pause(COUNT_INTERVAL)?;
    }
    clients.collect()?;
    clients.stop()?;
    Ok(most)
}
