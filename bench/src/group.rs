//! Things measured beside one another: in every round each has its turn, A B A B, so that what
//! disturbs one disturbs its neighbours too.

use std::time::{Duration, Instant};

use anyhow::Context;
use hdrhistogram::Histogram;

use crate::noise::{FOREIGN_MAX_PERCENT, Look};
use crate::order::Done;
use crate::pace;
use crate::results::timing::{Latency, Placement, Question, Spread, Timing};
use crate::run::Bench;
use crate::server::{Server, Settings};
use crate::subject::Subject;
use crate::team::Team;

/// Shorter rounds are too short for clocks that tick a hundred times a second: these are judged
/// together.
const JUDGED_MIN: Duration = Duration::from_millis(400);

/// What is measured together.
#[derive(Clone, Debug)]
pub struct Group {
    /// Its name in the results.
    pub name: String,
    /// Where it runs.
    pub placement: Placement,
    /// The servers' `--durability`.
    pub durability: &'static str,
    /// Who has a turn in each round, in this order.
    pub turns: Vec<Turn>,
    /// How long a turn lasts.
    pub segment: Duration,
}

/// One subject's turn in each round.
#[derive(Clone, Debug)]
pub struct Turn {
    /// Who.
    pub subject: Subject,
    /// What is asked.
    pub question: Question,
    /// By how many.
    pub clients: usize,
    /// How often; None: without a pause.
    pub rate: Option<u32>,
}

/// A subject with its server and its clients.
struct Party {
    subject: Subject,
    server: Server,
    team: Team,
}

/// What one turn has brought, all rounds.
struct Tally {
    all: Histogram<u64>,
    p50_us: Vec<f64>,
    p99_us: Vec<f64>,
    per_second: Vec<f64>,
}

impl Group {
    /// Measures all rounds.
    ///
    /// # Errors
    /// If a server or a client fails.
    pub fn measure(&self, bench: &mut Bench) -> anyhow::Result<Vec<Timing>> {
        bench.say(&self.name);
        bench.cpus.enter(self.placement)?;
        let parties = self.start(bench);
        bench.cpus.enter(Placement::Free)?;
        let mut parties = parties?;
        for turn in &self.turns {
            self.take_turn(&mut parties, turn, self.segment / 4)?;
        }
        let mut tallies: Vec<Tally> = self.turns.iter().map(|_| Tally::new()).collect();
        let mut repeats_left = bench.rounds;
        let mut dirty = 0;
        let cpus = bench.cpus.of(self.placement).to_vec();
        let own = pids(&parties);
        let begin = Look::take(&cpus, &own)?;
        for _ in 0..bench.rounds {
            loop {
                let before = Look::take(&cpus, &own)?;
                let since = Instant::now();
                let round: Vec<Vec<Done>> = self
                    .turns
                    .iter()
                    .map(|turn| self.take_turn(&mut parties, turn, self.segment))
                    .collect::<anyhow::Result<_>>()?;
                let after = Look::take(&cpus, &own)?;
                let judged = since.elapsed() >= JUDGED_MIN;
                let foreign = after.foreign_percent(&before, &cpus);
                let is_dirty = judged && foreign > FOREIGN_MAX_PERCENT;
                if is_dirty && repeats_left > 0 {
                    repeats_left -= 1;
                    continue;
                }
                dirty += usize::from(is_dirty);
                for (tally, done) in tallies.iter_mut().zip(&round) {
                    tally.add(done)?;
                }
                bench.step(self.turns.len());
                break;
            }
        }
        let end = Look::take(&cpus, &own)?;
        if end.foreign_percent(&begin, &cpus) > FOREIGN_MAX_PERCENT && dirty == 0 {
            // The rounds were too short to be judged one by one, or the repeats were the dirty ones.
            dirty = if repeats_left == bench.rounds { bench.rounds } else { 0 };
        }
        bench.count_rounds(bench.rounds, dirty);
        for party in parties {
            party.team.stop()?;
            party.server.stop(&party.subject)?;
        }
        Ok(self.turns.iter().zip(tallies).map(|(turn, tally)| self.timing(turn, tally)).collect())
    }

    /// One server and one team for each subject.
    fn start(&self, bench: &Bench) -> anyhow::Result<Vec<Party>> {
        let mut parties: Vec<Party> = Vec::new();
        let settings = Settings { durability: Some(self.durability), ..Settings::default() };
        for turn in &self.turns {
            if parties.iter().all(|party| party.subject.name != turn.subject.name) {
                let mut server = Server::start(&turn.subject, bench.work(), &settings)?;
                let team = Team::start(&turn.subject, &server.dir(), turn.clients);
                let team = server.explain(&turn.subject, team)?;
                parties.push(Party { subject: turn.subject.clone(), server, team });
            }
        }
        Ok(parties)
    }

    fn take_turn(
        &self,
        parties: &mut [Party],
        turn: &Turn,
        time: Duration,
    ) -> anyhow::Result<Vec<Done>> {
        let mut parties = parties.iter_mut();
        let party = parties.find(|party| party.subject.name == turn.subject.name);
        let party = party.context("every turn has its party")?;
        let done = party.team.ask_for(turn.question, time, turn.rate);
        party.server.explain(&turn.subject, done)
    }

    fn timing(&self, turn: &Turn, tally: Tally) -> Timing {
        let durability = turn.subject.which().map(|_| self.durability.to_owned());
        Timing {
            group: self.name.clone(),
            subject: turn.subject.name.clone(),
            question: turn.question,
            durability,
            placement: self.placement,
            clients: turn.clients,
            rate: turn.rate,
            latency: Latency {
                samples: tally.all.len(),
                p50_us: us(&tally.all, 0.5),
                p99_us: us(&tally.all, 0.99),
                p999_us: us(&tally.all, 0.999),
                max_us: us(&tally.all, 1.0),
            },
            p50_us: Spread::of(tally.p50_us),
            p99_us: Spread::of(tally.p99_us),
            per_second: Spread::of(tally.per_second),
        }
    }
}

impl Tally {
    fn new() -> Tally {
        let none = Vec::new;
        Tally { all: pace::histogram(), p50_us: none(), p99_us: none(), per_second: none() }
    }

    fn add(&mut self, done: &[Done]) -> anyhow::Result<()> {
        let mut round = pace::histogram();
        for &(value, count) in done.iter().flat_map(|done| &done.samples) {
            round.record_n(value, count).context("cannot record a latency")?;
        }
        // The same moments for all: a client that is late has fewer requests, not less time.
        let elapsed_ns = done.iter().map(|done| done.elapsed_ns).max().unwrap_or_default();
        let per_second = round.len() as f64 / (elapsed_ns.max(1) as f64 / 1e9);
        self.p50_us.push(us(&round, 0.5));
        self.p99_us.push(us(&round, 0.99));
        self.per_second.push(per_second);
        self.all.add(&round).context("cannot add up latencies")
    }
}

fn us(histogram: &Histogram<u64>, quantile: f64) -> f64 {
    histogram.value_at_quantile(quantile) as f64 / 1000.0
}

fn pids(parties: &[Party]) -> Vec<i32> {
    parties.iter().flat_map(|party| [party.server.pids(), party.team.pids()].concat()).collect()
}
