//! Asks a server one check of the contract: `check hostile::garbage_of_every_length_is_survived
//! q2-msgqueue-plain`.

use std::env;
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use common::program::signals::inherit_nothing;
use harness::checks::check::Skipped;
use harness::runner::{BROKEN, SKIPPED};
use harness::server::trial;
use harness::stage::{ALL, Stage, skip};
use harness::target::{Author, Target};
use harness::{begin, checks, verdict};

/// Asks a server one check of the contract; without one, lists them
#[derive(Parser)]
struct Options {
    /// The check
    check: Option<String>,
    /// A stage's server or its plain one: q2-msgqueue, q2-msgqueue-plain
    #[arg(default_value = "q2-msgqueue")]
    target: String,
    /// A server that somebody else wrote, for the stage's mechanism
    #[arg(long)]
    server: Option<PathBuf>,
}

fn main() -> Result<ExitCode> {
    inherit_nothing();
    begin::variables().map_err(anyhow::Error::msg)?;
    let options = Options::parse();
    let Some(name) = &options.check else {
        checks::all().for_each(|check| {
            println!("{}\n    {:?}: {}", check.name(), check.promise, check.asks);
        });
        return Ok(ExitCode::SUCCESS);
    };
    let check = checks::find(name).with_context(|| format!("no check is named {name}"))?;
    let target = target(&options).with_context(|| format!("no stage is {}", options.target))?;
    // Where in the check it was seen is for its authors, whom RUST_BACKTRACE=1 serves.
    if env::var_os("RUST_BACKTRACE").is_none() {
        panic::set_hook(Box::new(|info| {
            let text = info.payload().downcast_ref::<String>().map(String::as_str);
            match text.or_else(|| info.payload().downcast_ref::<&str>().copied()) {
                Some(words) => eprintln!("{}", words.trim_start_matches('\n')),
                None => eprintln!("{info}"),
            }
        }));
    }
    if target.author() == Author::Stranger
        && let Err(finding) = trial::of(&target)
    {
        eprintln!("{} cannot be judged:\n{finding}", target.program().display());
        return Ok(ExitCode::from(BROKEN as u8));
    }
    println!("{:?}, asked of {}: {}", check.promise, target.name(), check.asks);
    let status = match catch_unwind(AssertUnwindSafe(|| check.ask(&target))) {
        Ok(Ok(())) => {
            println!("kept");
            0
        }
        Ok(Err(Skipped::Lacks(what))) => {
            skip(name, what);
            SKIPPED
        }
        Ok(Err(Skipped::LeftOut(why))) => {
            eprintln!("left out {name}: {why}");
            SKIPPED
        }
        Err(_) => {
            println!("broken");
            BROKEN
        }
    };
    let faults = verdict::faults();
    faults.iter().for_each(|fault| eprintln!("{fault}"));
    Ok(ExitCode::from(if faults.is_empty() { status } else { BROKEN } as u8))
}

fn target(options: &Options) -> Option<Target> {
    let package = options.target.strip_suffix("-plain").unwrap_or(&options.target);
    let stage: Stage = ALL.into_iter().find(|stage| stage.package() == package)?;
    Some(match &options.server {
        Some(program) => Target::foreign(stage, program.clone()),
        None if package == options.target => Target::from(stage),
        None => Target::plain(stage),
    })
}
