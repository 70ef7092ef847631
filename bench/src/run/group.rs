//! A group of measurements: in every round each block of trials has its turn, so that what disturbs
//! one stage disturbs the others too.

use std::time::Duration;

use anyhow::Context as _;

use crate::clients::Clients;
use crate::clients::order::Done;
use crate::context::Context;
use crate::machine::background_load::{Load, Snapshot};
use crate::results::group::{Affinity, Group, Question};
use crate::results::peer::Peer;
use crate::results::row::Exchange;
use crate::results::timing::Timing;
use crate::run::samples::Samples;
use crate::target::server::{Server, Settings};
use crate::target::{Kind, Target};

/// What is measured together.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Which group it is.
    pub group: Group,
    /// How many rounds.
    pub rounds: usize,
    /// How long a trial lasts.
    pub segment: Duration,
    /// What has its turn in each round, in this order.
    pub blocks: Vec<Block>,
}

/// Trials that stand right beside one another: a baseline, and the servers compared with it.
#[derive(Clone, Debug)]
pub struct Block {
    /// The bare exchange of all of them; None for what needs no server.
    pub exchange: Option<Exchange>,
    /// One after the other.
    pub trials: Vec<Trial>,
}

/// One target, asked for one segment of each round.
#[derive(Clone, Debug)]
pub struct Trial {
    /// Who answers.
    pub target: Target,
    /// What is asked.
    pub question: Question,
    /// By how many.
    pub clients: usize,
}

impl Plan {
    /// How many trials all rounds have.
    pub fn steps(&self) -> usize {
        self.rounds * self.blocks.iter().map(|block| block.trials.len()).sum::<usize>()
    }

    /// Measures all rounds; timings come in the order of the blocks and their trials.
    ///
    /// # Errors
    /// If a server or a client fails, or a server has not done what it has acknowledged.
    pub fn measure(&self, context: &mut Context) -> anyhow::Result<Vec<Timing>> {
        context.progress.say(&self.group.name());
        context.cpus.enter(self.group.affinity())?;
        let running: anyhow::Result<Vec<RunningBlock<'_>>> =
            self.blocks.iter().map(|block| RunningBlock::start(context, self, block)).collect();
        context.cpus.enter(Affinity::Free)?;
        let mut running = running?;
        if self.group.affinity() == Affinity::OneCpu {
            context.cpus.leave()?;
        }
        let measured = self.measure_rounds(context, &mut running);
        context.cpus.enter(Affinity::Free)?;
        measured?;
        let mut timings = Vec::new();
        for block in running {
            timings.extend(block.finish(context, self)?);
        }
        Ok(timings)
    }

    fn measure_rounds(
        &self,
        context: &mut Context,
        running: &mut [RunningBlock<'_>],
    ) -> anyhow::Result<()> {
        let cpus = context.cpus.of(self.group.affinity()).to_vec();
        let own: Vec<i32> = running.iter().flat_map(RunningBlock::pids).collect();
        let parents: Vec<i32> = running.iter().flat_map(RunningBlock::parents).collect();
        for block in running.iter_mut() {
            block.round(self, self.segment / 4)?;
        }
        for _ in 0..self.rounds {
            for block in running.iter_mut() {
                loop {
                    let before = Snapshot::take(&cpus, &own, &parents)?;
                    let round = block.round(self, self.segment)?;
                    let load = Snapshot::take(&cpus, &own, &parents)?.since(&before, &cpus);
                    if load.is_too_much() && block.repeats_left > 0 {
                        block.repeats_left -= 1;
                        continue;
                    }
                    block.add(&round, load)?;
                    context.progress.step(round.len());
                    break;
                }
            }
        }
        Ok(())
    }
}

/// A block whose servers and clients are there.
struct RunningBlock<'a> {
    block: &'a Block,
    deployments: Vec<Deployment>,
    samples: Vec<Samples>,
    repeats_left: usize,
    /// Rounds that count although they were dirty.
    dirty: usize,
    /// Of the rounds that were too short to be judged one by one.
    load: Load,
}

/// A target with its server and its clients.
struct Deployment {
    target: Target,
    server: Server,
    clients: Clients,
    /// Seats that its clients were told they have.
    sold: i64,
}

impl<'a> RunningBlock<'a> {
    /// One server and its clients for each target.
    fn start(context: &Context, plan: &Plan, block: &'a Block) -> anyhow::Result<RunningBlock<'a>> {
        let mut deployments: Vec<Deployment> = Vec::new();
        let settings = settings(plan.group);
        for trial in &block.trials {
            if deployments.iter().all(|one| one.target.row != trial.target.row) {
                let target = trial.target.clone();
                let mut server = Server::start(&target, context.work(), &settings)?;
                let clients = match plan.group.multiplexed() {
                    Some(_) => Clients::multiplexed(&target, &server.dir(), trial.clients),
                    None => Clients::start(&target, &server.dir(), trial.clients),
                };
                let clients = server.explain(&target, clients)?;
                deployments.push(Deployment { target, server, clients, sold: 0 });
            }
        }
        let samples = block.trials.iter().map(|_| Samples::default()).collect();
        let (repeats_left, load) = (plan.rounds, Load::default());
        Ok(RunningBlock { block, deployments, samples, repeats_left, dirty: 0, load })
    }

    fn pids(&self) -> Vec<i32> {
        let of = |one: &Deployment| [one.server.pids(), one.clients.pids()].concat();
        self.deployments.iter().flat_map(of).collect()
    }

    /// Those of them that have a process for each connection, which ends with it.
    fn parents(&self) -> Vec<i32> {
        let forks = |one: &&Deployment| matches!(one.target.kind, Kind::Peer(Peer::Postgresql, _));
        let of = |one: &Deployment| [one.server.pids(), one.clients.pids()].concat();
        self.deployments.iter().filter(forks).flat_map(of).collect()
    }

    /// Each trial once.
    fn round(&mut self, plan: &Plan, time: Duration) -> anyhow::Result<Vec<Vec<Done>>> {
        let block = self.block;
        let measure = |trial: &Trial| {
            let mut deployments = self.deployments.iter_mut();
            let one = deployments.find(|one| one.target.row == trial.target.row);
            let one = one.context("every trial has its server")?;
            let done = one.clients.ask_for(trial.question, time, plan.group.rate());
            let done = one.server.explain(&one.target, done)?;
            if trial.question == Question::Reserve {
                let answered = done.iter().flat_map(|done| &done.samples).map(|(_, count)| count);
                one.sold += answered.sum::<u64>() as i64;
            }
            Ok(done)
        };
        block.trials.iter().map(measure).collect()
    }

    fn add(&mut self, round: &[Vec<Done>], load: Load) -> anyhow::Result<()> {
        self.dirty += usize::from(load.is_too_much());
        if !load.can_be_judged() {
            self.load += load;
        }
        self.samples.iter_mut().zip(round).try_for_each(|(samples, done)| samples.add(done))
    }

    /// Stops all of it.
    fn finish(self, context: &mut Context, plan: &Plan) -> anyhow::Result<Vec<Timing>> {
        let dirty = if self.load.is_too_much() { plan.rounds } else { self.dirty };
        context.count_rounds(plan.rounds, dirty);
        for Deployment { target, server, clients, sold } in self.deployments {
            clients.stop()?;
            if matches!(target.kind, Kind::Server(_) | Kind::Peer(..)) {
                server.verify_sold(&target, sold)?;
            }
            server.stop(&target)?;
        }
        let timings = self.block.trials.iter().zip(self.samples).map(|(trial, samples)| {
            let (row, exchange) = (trial.target.row.clone(), self.block.exchange);
            samples.timing(plan.group, exchange, row, (trial.question, trial.clients), dirty)
        });
        Ok(timings.collect())
    }
}

/// How the servers of a group are started. Where many ask, nobody reads a line for each of them.
fn settings(group: Group) -> Settings {
    let settings = Settings { durability: group.durability(), ..Settings::default() };
    match group.multiplexed() {
        Some(connections) => {
            Settings { log_level: Some("warn"), ..settings.with_room(connections) }
        }
        None => settings,
    }
}
