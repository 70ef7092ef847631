//! Before a server is measured: whether it does the work, and whether it syncs what it acknowledges.

use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use clap::ValueEnum;
use harness::strace::Strace;

use crate::clients::order::Answer;
use crate::context::Context;
use crate::target::process::{Process, ourselves};
use crate::target::server::{Server, Settings};
use crate::target::{Kind, Program, Target};

/// How long the few requests may take: a server that does not answer has failed them.
const ANSWER_MAX: Duration = Duration::from_secs(60);
/// The calls by which written data reaches the disk.
const SYNCS: [&str; 3] = ["fdatasync", "fsync", "msync"];

/// Asks a server a few requests, and notes whether it was seen to sync.
///
/// # Errors
/// If it does not do the work, in words that say what is missing.
pub fn verify(context: &Context, target: &mut Target) -> anyhow::Result<()> {
    let refusal = format!("{} did not do the work, and is not measured", target.name());
    let syncs = observe(context, target).context(refusal)?;
    if let Kind::Server(program) = &mut target.kind {
        if syncs.is_none() && program.stage.is_none() {
            eprintln!(
                "bench: nobody can see whether {} syncs, because strace is not there or not \
                 allowed: it has no durable figures",
                program.path.display()
            );
        }
        program.syncs = syncs.unwrap_or(program.stage.is_some());
    }
    Ok(())
}

/// Has a client ask for something of each kind; whether a sync was seen, None if nobody can see.
fn observe(context: &Context, target: &Target) -> anyhow::Result<Option<bool>> {
    let program = target.program().context("only servers do work")?;
    let mut server = Server::start(target, context.work(), &Settings::default())?;
    let trace = format!("trace={}", SYNCS.join(","));
    let strace = Strace::attach("bench: syncs", &server.pids(), &["-e", &trace]);
    let asked = ask(program, &server);
    server.explain(target, asked)?;
    let Some(strace) = strace else {
        server.stop(target)?;
        return Ok(None);
    };
    let seen = strace.finish();
    server.stop(target)?;
    ensure!(
        has_synced(&seen),
        "it syncs nothing: no fdatasync was seen before it acknowledged a RESERVE"
    );
    Ok(Some(true))
}

fn ask(program: &Program, server: &Server) -> anyhow::Result<()> {
    let mut command = ourselves()?;
    let protocol = program.protocol.to_possible_value().context("it has a name")?;
    command.arg("verify").arg(protocol.get_name()).arg(server.dir());
    let mut process = Process::start("the verifying client".to_owned(), &mut command)?;
    let line = process.read_line(ANSWER_MAX)?;
    match serde_json::from_str(&line).context("the verifying client says no answer")? {
        Answer::Ready => process.stop(None),
        Answer::Failed(error) => bail!("{error}"),
        Answer::Done(_) => bail!("the verifying client has measured something"),
    }
}

/// Whether a trace has a sync that was successful.
fn has_synced(trace: &str) -> bool {
    let is_sync = |line: &str| SYNCS.iter().any(|call| line.contains(call));
    trace.lines().any(|line| is_sync(line) && line.ends_with("= 0"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sync_counts_when_it_was_successful() {
        assert!(has_synced("7 fdatasync(5)    = 0\n"));
        assert!(has_synced("7 fsync(5 <unfinished ...>\n7 <... fsync resumed>)  = 0\n"));
        assert!(!has_synced("7 fdatasync(5) = -1 EIO (Input/output error)\n"));
        assert!(!has_synced(""));
    }
}
