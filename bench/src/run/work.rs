//! What a run has to time: found out before it begins, so that it can be told how far it has come.

use crate::context::Context;
use crate::options::Options;
use crate::results::beside::Beside;
use crate::results::counts::{Connections, Encrypted, Watched};
use crate::results::group::is_wanted;
use crate::results::peer::PeerFacts;
use crate::results::timing::Timing;
use crate::run::beside;
use crate::run::connections;
use crate::run::encrypted;
use crate::run::group::Plan;
use crate::run::peers;
use crate::run::plan;
use crate::run::watched;
use crate::target::Target;

/// It.
#[derive(Debug, Default)]
pub struct Work {
    /// What was installed to be measured beside the servers.
    pub peers: Vec<PeerFacts>,
    plans: Vec<Plan>,
    idle: Vec<Target>,
    watched: Vec<Target>,
    burdened: Vec<Target>,
    /// q5 and q7, side by side.
    encrypted: Option<[Target; 2]>,
}

/// What came of it.
#[derive(Debug)]
pub struct Timed {
    /// Every combination of group, row and question.
    pub timings: Vec<Timing>,
    /// Idle connections.
    pub connections: Vec<Connections>,
    /// Servers beside `ipctop`.
    pub watched: Vec<Watched>,
    /// Servers beside a burden.
    pub beside: Vec<Beside>,
    /// q7 beside q5.
    pub encrypted: Option<Encrypted>,
}

impl Work {
    /// What was asked for.
    ///
    /// # Errors
    /// If something that is installed does not work.
    pub fn find(context: &Context, targets: &[Target], options: &Options) -> anyhow::Result<Work> {
        if options.counts {
            return Ok(Work::default());
        }
        let groups = &options.wanted_groups();
        let peers = peers::wanted(context, groups);
        let facts = peers.iter().map(|peer| peers::verify(context, peer));
        let of = |group: &str, fits: fn(&Target) -> bool| -> Vec<Target> {
            let fitting = targets.iter().filter(|target| is_wanted(group, groups) && fits(target));
            fitting.cloned().collect()
        };
        Ok(Work {
            peers: facts.collect::<anyhow::Result<_>>()?,
            plans: plan::plans(context, targets, &peers, groups),
            idle: of(connections::GROUP, connections::can_be_idle),
            watched: of(watched::GROUP, watched::is_watched),
            burdened: beside::targets(targets, groups),
            encrypted: encrypted::pair(targets)
                .filter(|_| is_wanted(encrypted::GROUP, groups))
                .map(|pair| pair.map(Target::clone)),
        })
    }

    /// How many steps it has.
    pub fn steps(&self, context: &Context) -> usize {
        let plans: usize = self.plans.iter().map(Plan::steps).sum();
        let n_encrypted = usize::from(self.encrypted.is_some());
        let each_round = self.idle.len() + self.watched.len() + n_encrypted;
        plans + each_round * context.rounds + self.burdened.len() * beside::rounds(context)
    }

    /// Measures all of it.
    ///
    /// # Errors
    /// If a server or a client fails.
    pub fn measure(&self, context: &mut Context) -> anyhow::Result<Timed> {
        let mut timings = Vec::new();
        for plan in &self.plans {
            timings.extend(plan.measure(context)?);
        }
        let connections = self.idle.iter().map(|it| connections::measure(context, it));
        let connections = connections.collect::<anyhow::Result<_>>()?;
        let watched = self.watched.iter().map(|it| watched::measure(context, it));
        let watched = watched.collect::<anyhow::Result<_>>()?;
        let beside = beside::measure(context, &self.burdened)?;
        let pair = self.encrypted.as_ref();
        let encrypted = pair.map(|[plain, tls]| encrypted::measure(context, plain, tls));
        let encrypted = encrypted.transpose()?;
        Ok(Timed { timings, connections, watched, beside, encrypted })
    }
}
