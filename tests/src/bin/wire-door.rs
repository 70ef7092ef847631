//! Asks a server that somebody else wrote every check of one promise, and says what came of each in
//! a line of JSON: `grade` starts it beside that server, in its box.

use std::ffi::OsString;
use std::io::{self, Write, stdout};
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, Parser};
use common::program::signals::inherit_nothing;
use harness::attack::{attacker, options};
use harness::checks::check::{Check, Skipped};
use harness::evidence::Finding;
use harness::server::trial;
use harness::stage::Stage;
use harness::target::Target;
use harness::{begin, checks, leftovers, verdict};
use nix::sys::prctl::set_dumpable;
use serde_json::{Value, json};

/// Asks a server that somebody else wrote
#[derive(Parser)]
enum Options {
    /// Starts and stops it, as docs/PROTOCOL.md says
    Start(Server),
    /// Asks all checks of a promise; ends at the first that is broken
    Promise {
        /// Protocol, or P1 to P9
        promise: String,
        #[command(flatten)]
        server: Server,
    },
    /// Is a client that means harm, as the checks need it
    Hostile(options::Options),
}

/// The server
#[derive(Args)]
struct Server {
    /// The stage whose mechanism it serves: q2-msgqueue
    stage: String,
    /// All System V objects in sight are its own
    #[arg(long)]
    own_ipc: bool,
    /// The program, and what stands before --dir
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
    command: Vec<OsString>,
}

impl Server {
    fn target(self) -> anyhow::Result<Target> {
        if self.own_ipc {
            leftovers::namespace_is_ours();
        }
        let mut words = self.command.into_iter();
        let program = words.next().context("no program is named")?;
        let stage = Stage::named(&self.stage)?;
        Ok(Target::foreign(stage, PathBuf::from(program)).called_with(words.collect()))
    }
}

fn main() -> anyhow::Result<()> {
    inherit_nothing();
    begin::variables().map_err(anyhow::Error::msg)?;
    let (promise, server) = match Options::parse() {
        Options::Hostile(attack) => return attack.attack(),
        Options::Start(server) => (None, server),
        Options::Promise { promise, server } => (Some(promise), server),
    };
    // The judged server is the same user's.
    set_dumpable(false).context("cannot forbid tracing")?;
    attacker::is_this_program();
    // What a panic says is said as JSON.
    panic::set_hook(Box::new(|_| {}));
    let target = server.target()?;
    let (is_kept, is_judged_by_its_stop) = match promise.as_deref() {
        None => (starts(&target.ended_by_force())?, false),
        Some("P8") => (starts(&target)? && asks_all("P8", &target)?, true),
        Some(promise) => (asks_all(promise, &target.ended_by_force())?, false),
    };
    if is_kept && is_judged_by_its_stop {
        for fault in verdict::faults() {
            let finding = Finding::new("all this", "nothing that is left behind", fault);
            say(&broken("after", &finding))?;
        }
    }
    Ok(())
}

fn starts(target: &Target) -> io::Result<bool> {
    say(&json!({ "check": "start", "outcome": "begun" }))?;
    let result = trial::of(target);
    say(&match &result {
        Ok(()) => json!({ "check": "start", "outcome": "kept" }),
        Err(finding) => broken("start", finding),
    })?;
    Ok(result.is_ok())
}

/// Asks the checks that can be asked of a stranger, up to the first that is broken.
fn asks_all(promise: &str, target: &Target) -> anyhow::Result<bool> {
    let of_promise = |check: &&Check| format!("{:?}", check.promise) == promise;
    let checks: Vec<&Check> = checks::of_strangers(target.stage()).filter(of_promise).collect();
    anyhow::ensure!(!checks.is_empty(), "no check is of the promise {promise}");
    for check in checks {
        let name = check.name();
        say(&json!({ "check": name, "asks": check.asks, "outcome": "begun" }))?;
        let result = catch_unwind(AssertUnwindSafe(|| check.ask(target)));
        say(&match &result {
            Ok(Ok(())) => json!({ "check": name, "outcome": "kept" }),
            Ok(Err(Skipped::Lacks(what))) => {
                json!({ "check": name, "outcome": "lacks", "came": what })
            }
            Ok(Err(Skipped::LeftOut(why))) => {
                json!({ "check": name, "outcome": "left_out", "came": why })
            }
            Err(panic) => {
                let text = panic.downcast_ref::<String>().map(String::as_str);
                let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
                broken(name, &Finding::told(text.unwrap_or("a thread of the check has failed")))
            }
        })?;
        if result.is_err() {
            return Ok(false);
        }
    }
    Ok(true)
}

fn broken(name: &str, finding: &Finding) -> Value {
    let Finding { sent, expected, came } = finding;
    json!({ "check": name, "outcome": "broken", "sent": sent, "expected": expected, "came": came })
}

fn say(line: &Value) -> io::Result<()> {
    let mut stdout = stdout().lock();
    writeln!(stdout, "{line}")?;
    stdout.flush()
}
