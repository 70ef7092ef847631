//! Two sets of programs in one run: in every round the old server of a stage has its turn, then the
//! new one, so that what disturbs the machine disturbs both.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, ensure};
use harness::stage::Stage;
use serde::{Deserialize, Serialize};

use crate::context::Context;
use crate::options::Options;
use crate::output::table::{Table, figures, words};
use crate::output::terminal;
use crate::output::words::{marked, number, us};
use crate::results::group::{Affinity, Durability, Group, Question, is_wanted};
use crate::results::ratio::Figure;
use crate::results::row::Row;
use crate::results::spread::Spread;
use crate::results::timing::Timing;
use crate::run::group::{Block, Plan, Trial};
use crate::run::verify;
use crate::target::Target;
use crate::target::programs::{self, Pair};

/// Paired rounds if nobody asks for another number.
const ROUNDS: usize = 20;

/// What is compared, in the order in which it is measured.
const GROUPS: [Group; 5] = [
    Group::LATENCY,
    Group::Views { clients: 16, affinity: Affinity::OneCpu },
    Group::Reservations { clients: 1, durability: Durability::Process },
    Group::Reservations { clients: 1, durability: Durability::Power },
    Group::Reservations { clients: 64, durability: Durability::Power },
];

/// Measures the servers of two folders in turn, and prints how they compare;
/// `comparison.json` has all rounds.
///
/// # Errors
/// If a folder has no programs, or a server fails or does not do its work.
pub fn run(options: &Options, old: &Path, new: &Path) -> anyhow::Result<u8> {
    let pairs = programs::pairs(&options.stages, old, new)?;
    let groups = GROUPS.into_iter().filter(|group| is_wanted(&group.name(), &options.groups));
    let groups: Vec<Group> = groups.collect();
    ensure!(!groups.is_empty(), "no comparison has {:?} in its name", options.groups.join(","));
    let mut context = Context::new(options, ROUNDS)?;
    let mut targets = pairs.iter().map(targets).collect::<Vec<_>>();
    for target in targets.iter_mut().flatten() {
        verify::verify(&context, target)?;
    }
    let plans: Vec<Plan> = groups.iter().map(|group| plan(&context, *group, &targets)).collect();
    context.progress.begin(plans.iter().map(Plan::steps).sum());
    let mut timings = Vec::new();
    for plan in &plans {
        timings.extend(plan.measure(&mut context)?);
    }
    context.progress.end();
    let comparisons = comparisons(&pairs, &timings);
    let json = serde_json::to_string_pretty(&comparisons).context("cannot write JSON")?;
    let path = options.out.join("comparison.json");
    fs::write(&path, json).with_context(|| format!("cannot write {}", path.display()))?;
    let table = table_of(&context, &comparisons);
    println!("{}", if options.wide { terminal::wide(&table) } else { terminal::of(&table) });
    println!("written: {}", path.display());
    Ok(0)
}

/// One figure of both servers of a stage.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Comparison {
    /// The stage.
    pub stage: String,
    /// In which group it was measured.
    pub group: Group,
    /// What was asked.
    pub question: Question,
    /// Which figure it is.
    pub figure: Figure,
    /// The old one's median round.
    pub old: f64,
    /// The new one's.
    pub new: f64,
    /// New divided by old, round by round.
    pub ratio: Spread,
    /// How many of these rounds were dirty.
    pub dirty_rounds: usize,
}

fn row_of(stage: Stage, which: &str) -> Row {
    Row::Server(format!("{}, {which}", stage.package()))
}

/// The old server of a stage, and the new one.
fn targets((stage, old, new): &Pair) -> [Target; 2] {
    [("old", old), ("new", new)].map(|(which, program)| Target {
        row: row_of(*stage, which),
        ..Target::stage(*stage, program.clone())
    })
}

fn plan(context: &Context, group: Group, targets: &[[Target; 2]]) -> Plan {
    let (questions, clients): (&[Question], usize) = match group {
        Group::LATENCY => (&[Question::View, Question::List], 1),
        Group::Views { clients, .. } => (&[Question::View], clients),
        Group::Reservations { clients, .. } => (&[Question::Reserve], clients),
        _ => (&[], 1),
    };
    let block = |pair: &[Target; 2]| {
        let of = |question: &Question| {
            pair.clone().map(|target| Trial { target, question: *question, clients })
        };
        Block { exchange: None, trials: questions.iter().flat_map(of).collect() }
    };
    let blocks = targets.iter().map(block).collect();
    Plan { group, rounds: context.rounds, segment: context.segment, blocks }
}

/// Timings come as they were measured: the old one of a question, then the new one.
fn comparisons(pairs: &[Pair], timings: &[Timing]) -> Vec<Comparison> {
    let (timings, _) = timings.as_chunks::<2>();
    let stage = |row: &Row| {
        let found = pairs.iter().find(|(stage, _, _)| *row == row_of(*stage, "new"));
        found.map(|(stage, _, _)| stage.package().to_owned()).unwrap_or_default()
    };
    let of = |[old, new]: &[Timing; 2]| {
        // What several clients wait for is mostly one another: their rate says how fast it is.
        let main = if old.clients == 1 { Figure::P50 } else { Figure::PerSecond };
        let stage = stage(&new.row);
        [main, Figure::P99].map(|figure| {
            let (old_spread, new_spread) = (figure.of(old), figure.of(new));
            Comparison {
                stage: stage.clone(),
                group: new.group,
                question: new.question,
                figure,
                old: old_spread.median,
                new: new_spread.median,
                ratio: new_spread.over(old_spread),
                dirty_rounds: new.dirty_rounds,
            }
        })
    };
    timings.iter().flat_map(of).collect()
}

fn table_of(context: &Context, comparisons: &[Comparison]) -> Table {
    let row = |one: &Comparison| {
        let (from, to) = one.ratio.middle_half();
        let cell = |figure: f64| match one.figure {
            Figure::P50 | Figure::P99 => us(figure),
            Figure::PerSecond => format!("{figure:.0}"),
        };
        vec![
            number(&one.stage).to_owned(),
            one.group.name(),
            format!("{} {}", one.question.name(), one.figure.name()),
            cell(one.old),
            cell(one.new),
            marked(format!("{:.3}", one.ratio.median), one.dirty_rounds),
            format!("{from:.2}-{to:.2}"),
            format!("{:.2}-{:.2}", one.ratio.min, one.ratio.max),
        ]
    };
    let (all, dirty) = context.rounds_so_far;
    let note = format!(
        "new / old: the median of the quotients of {} paired rounds, the middle half of them, the \
         least and the most. Below 1 the new one is faster by p50 and p99 (microseconds), above 1 by \
         the rate. Trials of {} ms on one CPU; the clients are those of this bench. {dirty} of {all} \
         rounds are dirty, * marks a figure with such rounds.",
        context.rounds,
        context.segment.as_millis()
    );
    let columns = [
        words("stage"),
        words("group"),
        words("figure"),
        figures("old").ranked(1),
        figures("new").ranked(1),
        figures("new / old"),
        figures("middle half"),
        figures("min-max").ranked(2),
    ];
    let rows = comparisons.iter().map(row).collect();
    Table::new("Two sets of programs, A B A B", &note, &columns, rows)
}
