//! What is demanded of the stages, as ratios and counts of one run.

use harness::stage::{ALL, Stage};

use crate::results::bar::{Bar, Measured};
use crate::results::counts::{Connections, ServerCounts, Watched};
use crate::results::event_bars;
use crate::results::file::Results;
use crate::results::group::{Group, Question};
use crate::results::ratio::{Against, Figure, Ratio};
use crate::results::spread::Spread;

/// Counts are averages of thousands of requests; a clock that ticks ten times a second adds to them.
const ROUNDING: f64 = 0.05;
/// The same for what must not happen at all.
const NEVER: f64 = 0.01;
/// Clients of the bars on throughput.
const CLIENTS: usize = 16;
/// Clients of the bar on shared syncs.
const DURABLE_CLIENTS: usize = 64;

/// All bars that concern the stages of this run; a foreign server has none.
pub fn of(results: &Results) -> Vec<Bar> {
    let ours = results.servers.iter().filter(|server| !server.foreign);
    let judged = ours.filter_map(|server| {
        let stage = ALL.into_iter().find(|stage| stage.package() == server.name)?;
        Some(Judged { stage, server, results })
    });
    judged.flat_map(|judged| judged.bars()).chain(event_bars::of(results)).collect()
}

/// A stage, and what was measured of it.
struct Judged<'a> {
    stage: Stage,
    server: &'a ServerCounts,
    results: &'a Results,
}

impl Judged<'_> {
    fn bars(&self) -> Vec<Bar> {
        let mut bars = match self.stage {
            Stage::Q1Pipes | Stage::Q2Msgqueue | Stage::Q3Threads => {
                let bare = self.rate(Group::views(CLIENTS), Question::View, Against::Bare);
                let throughput = self.least(5, "VIEW/s of 16 clients / bare", 0.90, bare);
                [self.latency(), self.steady(), vec![throughput], self.common(), self.watched()]
                    .concat()
            }
            Stage::Q4ThreadPerRequest => [self.thread_per_request(), self.common()].concat(),
            Stage::Q5Sockets => {
                let bare = self.rate(Group::free_views(CLIENTS), Question::View, Against::Bare);
                let demand = "VIEW/s of 16 clients, free / bare thread per connection";
                let throughput = self.least(6, demand, 0.90, bare);
                [
                    self.latency(),
                    self.steady(),
                    vec![throughput],
                    self.common(),
                    self.idle(),
                    self.watched(),
                ]
                .concat()
            }
            // Between client and server it is q5.
            Stage::Q6Watchdog => Vec::new(),
            Stage::Q7Tls => self.encrypted(),
            // Its bars are those of many connections, which a full run does not measure.
            Stage::Q9Events => Vec::new(),
        };
        bars.sort_by_key(|bar| bar.number);
        bars
    }

    fn latency(&self) -> Vec<Bar> {
        let p50 = self.ratio(Group::LATENCY, Figure::P50, Question::View, Against::Bare);
        let p99 = self.ratio(Group::LATENCY, Figure::P99, Question::View, Against::Bare);
        vec![self.most(1, "VIEW p50 / bare", 1.10, p50), self.most(1, "VIEW p99 / bare", 1.25, p99)]
    }

    fn steady(&self) -> Vec<Bar> {
        let view = &self.server.view;
        let both = |figure| view.both(figure).map(Measured::count);
        let allocations = view.server.allocations.map(Measured::count);
        vec![
            self.most(3, "system calls of a VIEW", 4.0 + ROUNDING, both(|side| side.calls)),
            self.most(3, "switches of a VIEW", 2.0 + ROUNDING, both(|side| side.switches)),
            self.most(3, "page faults of a VIEW", NEVER, both(|side| side.faults)),
            self.most(3, "allocations of a VIEW", NEVER, allocations),
        ]
    }

    fn thread_per_request(&self) -> Vec<Bar> {
        let p50 = self.ratio(Group::LATENCY, Figure::P50, Question::View, Against::Bare);
        let calls = self.server.view.calls().map(Measured::count);
        vec![
            self.most(4, "VIEW p50 / bare detached thread", 1.45, p50),
            self.most(4, "system calls of a VIEW", 21.0 + ROUNDING, calls),
        ]
    }

    /// What is demanded of q1 to q5 alike.
    fn common(&self) -> Vec<Bar> {
        let list = self.ratio(Group::LATENCY, Figure::P50, Question::List, Against::OwnView);
        let (one, reserve) = (Group::durable(1), Question::Reserve);
        let alone = self.ratio(one, Figure::P50, reserve, Against::DiskAndBare);
        let shared = self.rate(Group::durable(DURABLE_CLIENTS), reserve, Against::GroupCommit);
        let demand = "durable RESERVE/s of 64 clients / bare group commit";
        let (rest, after) = (&self.server.memory_at_rest, &self.server.memory_after);
        let dirty = Measured::count(rest.private_dirty.max(after.private_dirty) as f64);
        vec![
            self.most(2, "LIST p50 / VIEW p50", 1.20, list),
            self.most(7, "durable RESERVE p50 / (write + fdatasync + bare)", 1.15, alone),
            self.least(8, demand, 0.85, shared),
            self.most(9, "Private_Dirty, KiB", self.private_dirty_max(), Some(dirty)),
        ]
    }

    /// KiB: three processes share what one of several threads has alone.
    fn private_dirty_max(&self) -> f64 {
        match self.stage {
            Stage::Q1Pipes | Stage::Q2Msgqueue => 148.0,
            Stage::Q3Threads
            | Stage::Q4ThreadPerRequest
            | Stage::Q5Sockets
            | Stage::Q6Watchdog
            | Stage::Q7Tls
            | Stage::Q9Events => 240.0,
        }
    }

    fn idle(&self) -> Vec<Bar> {
        let rows = self.results.connections.iter().filter(|row| row.server == self.server.name);
        let both = |row: &Connections| {
            let each = Some(Measured::count(row.kib_each));
            let (p99, demand) = (&row.p99_ratio, "VIEW p99 beside");
            let demand = format!("{demand} {} idle connections / without", row.count);
            let spread = Some((p99.min, p99.max));
            let ratio = Measured { figure: p99.median, spread, dirty: false };
            [
                self.most(9, "KiB of each idle connection, both ends", 40.0, each),
                self.most(10, &demand, 1.5, Some(ratio)),
            ]
        };
        rows.flat_map(both).collect()
    }

    /// What is demanded of q7 beside q5.
    fn encrypted(&self) -> Vec<Bar> {
        let of = |name: &str| self.results.connections.iter().find(|row| row.server == name);
        let more = of(&self.server.name).zip(of(Stage::Q5Sockets.package()));
        let more = more.map(|(ours, plain)| Measured::count(ours.kib_each - plain.kib_each));
        let figures = self.results.encrypted.as_ref();
        let ratio = |spread: &Spread| Measured {
            figure: spread.median,
            spread: Some((spread.min, spread.max)),
            dirty: false,
        };
        let known = "resumed handshake / full one, with client certificates";
        let pair = "full handshakes/s / bare rustls pair";
        vec![
            self.most(9, "KiB of each idle connection more than q5's", 36.0, more),
            self.most(12, "VIEW p50 / q5's", 1.25, figures.map(|it| ratio(&it.view_p50))),
            self.most(
                12,
                "resumed handshake / full one",
                0.85,
                figures.map(|it| ratio(&it.resumed)),
            ),
            self.most(12, known, 0.65, figures.map(|it| ratio(&it.resumed_known))),
            self.least(12, pair, 0.9, figures.map(|it| ratio(&it.pair))),
        ]
    }

    fn watched(&self) -> Vec<Bar> {
        let rows = self.results.watched.iter().filter(|row| row.server == self.server.name);
        let bar = |row: &Watched| {
            let Spread { median: figure, min, max, .. } = row.cpu_percent;
            let measured = Measured { figure, spread: Some((min, max)), dirty: false };
            let demand = "ipctop --watch 0.5 beside it, percent of a CPU";
            self.most(11, demand, 2.0, Some(measured))
        };
        rows.map(bar).collect()
    }

    fn rate(&self, group: Group, question: Question, against: Against) -> Option<Measured> {
        self.ratio(group, Figure::PerSecond, question, against)
    }

    fn ratio(
        &self,
        group: Group,
        figure: Figure,
        question: Question,
        against: Against,
    ) -> Option<Measured> {
        let is_it = |ratio: &&Ratio| {
            ratio.server == self.server.name
                && (ratio.group, ratio.figure) == (group, figure)
                && (ratio.question, ratio.against) == (question, against)
        };
        let found = self.results.ratios.iter().find(is_it)?;
        Some(Measured {
            figure: found.ratio.median,
            spread: Some((found.ratio.min, found.ratio.max)),
            dirty: found.dirty_rounds > 0,
        })
    }

    fn most(&self, number: u32, demand: &str, limit: f64, measured: Option<Measured>) -> Bar {
        let (stage, demand) = (self.server.name.clone(), demand.to_owned());
        Bar { number, stage, demand, measured, limit, at_least: false }
    }

    fn least(&self, number: u32, demand: &str, limit: f64, measured: Option<Measured>) -> Bar {
        Bar { at_least: true, ..self.most(number, demand, limit, measured) }
    }
}
