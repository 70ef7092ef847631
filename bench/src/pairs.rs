//! Two sets of programs in one run: in every round the old server of a stage has its turn, then the
//! new one, so that what disturbs the machine disturbs both.

use std::path::Path;

use anyhow::ensure;

use crate::grid::{self, Grid, grid};
use crate::group::{Group, Turn};
use crate::options::Options;
use crate::results::timing::{Placement, Question, Spread, Timing};
use crate::run::Bench;
use crate::subject::Subject;
use crate::{programs, table};

/// Paired rounds if nobody asks for another number.
const ROUNDS: usize = 20;

/// One comparison of each stage.
struct Kind {
    what: &'static str,
    question: Question,
    clients: usize,
    durability: &'static str,
}

/// All of them, in the order in which they are measured.
const KINDS: [Kind; 6] = [
    Kind { what: "VIEW, 1 client", ..VIEW },
    Kind { what: "VIEW, 16 clients", clients: 16, ..VIEW },
    Kind { what: "LIST, 1 client", question: Question::List, ..VIEW },
    Kind { what: "process-durable RESERVE, 1 client", durability: "process", ..RESERVE },
    Kind { what: "durable RESERVE, 1 client", ..RESERVE },
    Kind { what: "durable RESERVE, 64 clients", clients: 64, ..RESERVE },
];
const VIEW: Kind = Kind { what: "", question: Question::View, clients: 1, durability: "power" };
const RESERVE: Kind = Kind { question: Question::Reserve, ..VIEW };

/// Measures the servers of two folders in turn, and prints how they compare.
///
/// # Errors
/// If a folder has no programs, or a server fails.
pub fn run(options: &Options, old: &Path, new: &Path) -> anyhow::Result<u8> {
    let pairs = programs::pairs(&options.stages, old, new)?;
    let name = |stage: &str, what: &str| format!("{stage}: {what}");
    let mut bench = Bench::new(options, ROUNDS)?;
    let mut groups = Vec::new();
    for (stage, old, new) in &pairs {
        let subject = |program: &Path, which: &str| Subject {
            name: which.to_owned(),
            ..Subject::stage(*stage, program.to_owned())
        };
        let subjects = [subject(old, "old"), subject(new, "new")];
        for kind in &KINDS {
            let turn = |subject: &Subject| Turn {
                subject: subject.clone(),
                question: kind.question,
                clients: kind.clients,
                rate: None,
            };
            groups.push(Group {
                name: name(stage.package(), kind.what),
                placement: Placement::OneCpu,
                durability: kind.durability,
                turns: subjects.iter().map(turn).collect(),
                segment: bench.segment,
            });
        }
    }
    groups.retain(|group| group.name.contains(&options.groups));
    ensure!(!groups.is_empty(), "no comparison has {:?} in its name", options.groups);
    bench.begin(groups.len() * 2 * bench.rounds);
    let mut rows = Vec::new();
    for group in &groups {
        rows.extend(rows_of(&group.name, &group.measure(&mut bench)?));
    }
    bench.end();
    println!("{}", table::of(&grid_of(&bench, rows)));
    Ok(0)
}

/// A row for each figure of a group that says something.
fn rows_of(name: &str, timings: &[Timing]) -> Vec<Vec<String>> {
    let [old, new] = timings else { return Vec::new() };
    let row = |figure: &str, of: fn(&Timing) -> &Spread, words: fn(f64) -> String| {
        let quotients = of(new).rounds.iter().zip(&of(old).rounds).map(|(new, old)| new / old);
        let ratio = Spread::of(quotients.collect());
        vec![
            name.to_owned(),
            figure.to_owned(),
            words(of(old).median),
            words(of(new).median),
            format!("{:.3}", ratio.median),
            format!("{:.2} - {:.2}", ratio.min, ratio.max),
            ratio.rounds.len().to_string(),
        ]
    };
    let p50 = row("p50, us", |timing| &timing.p50_us, grid::us);
    let p99 = row("p99, us", |timing| &timing.p99_us, grid::us);
    let rate = row("per second", |timing| &timing.per_second, |rate| format!("{rate:.0}"));
    // What several clients wait for is mostly one another: their rate says how fast the server is.
    if old.clients == 1 { vec![p50, p99] } else { vec![rate, p99] }
}

fn grid_of(bench: &Bench, rows: Vec<Vec<String>>) -> Grid {
    let (all, dirty) = bench.rounds_so_far();
    let note = format!(
        "new / old: the median of the quotients of single rounds, the least and the most. Below 1 \
         the new one is faster by p50 and p99, above 1 by the rate. Turns of {} ms on one CPU, the \
         clients are those of this bench; {dirty} of {all} rounds dirty.",
        bench.segment.as_millis()
    );
    let head = ["group", "figure", "old", "new", "new / old", "min - max", "rounds"];
    grid("Two sets of programs, A B A B", &note, &head, rows)
}
