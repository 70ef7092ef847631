//! Can it be built?

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::judge::course::{Asked, Course};
use crate::judge::hearing;
use crate::judge::log::Log;
use crate::launch::program::{Program, Streams};
use crate::launch::tools;
use crate::sandbox::tree;
use crate::verdict::item::{Ruling, Verdict};
use crate::words::{number, text};

/// A compiler that takes longer does something else: a cargo build of a small program takes 20 s.
const BUILD_MAX: Duration = Duration::from_secs(120);
/// How often it is looked at whether the build has ended.
const PAUSE: Duration = Duration::from_millis(5);
/// The bytes of a source in which a main is looked for.
const SOURCE_MAX: u64 = 4 << 20;
/// The lines of the compiler that are shown.
const LINES: usize = 40;

/// Runs the build command in the copy from which all items take theirs.
pub(super) fn ask(course: &Course<'_>) -> Asked<Ruling> {
    let Some(command) = command(course) else {
        is_there(course)?;
        has_tools(course)?;
        course.remember()?;
        return Ok(Ruling::pass(vec!["(-)".to_owned()]));
    };
    let (log, file) = match Log::new().and_then(|log| log.writer().map(|file| (log, file))) {
        Ok(made) => made,
        Err(error) => return course.cannot("make a log file", &error),
    };
    let argv = ["sh", "-c", &command].map(Into::into).to_vec();
    let program = Program { argv, cwd: course.home.clone(), env: Vec::new() };
    let mut process = match course.launcher.start(&program, Streams::Log(file)) {
        Ok(process) => process,
        Err(error) => return course.cannot("start a shell", &error),
    };
    let (begin, budget) = (Instant::now(), course.patience.scale(BUILD_MAX));
    let status = loop {
        match process.status() {
            Ok(Some(status)) => break Some(status),
            Ok(None) if begin.elapsed() >= budget => break None,
            Ok(None) => std::thread::sleep(PAUSE),
            Err(error) => return course.cannot("wait for a build", &error),
        }
    };
    let evidence = evidence(&command, &log);
    match status {
        Some(status) if status.success() => {
            has_tools(course)?;
            course.remember()?;
            Ok(Ruling::pass(evidence))
        }
        Some(status) => {
            if let Some(tool) = tools::missing(&log.text()) {
                return course.cannot(&format!("run {tool}"), &"it is not installed here");
            }
            let values =
                [("command", text(command)), ("status", text(course.words.status(status)))];
            let fault = course.words.fault(Verdict::Fail, "fault-build", &values);
            Err(Box::new(fault.with_lines(evidence)))
        }
        None => {
            let values = [("command", text(command)), ("budget", number(budget.as_secs() as i64))];
            let mut fault = course.words.fault(Verdict::Timeout, "fault-build-slow", &values);
            fault.budget_ms = Some(budget.as_millis() as u64);
            Err(Box::new(fault.with_lines(evidence)))
        }
    }
}

/// Nothing is to be built: then the programs must be there, or an interpreter for them.
fn is_there(course: &Course<'_>) -> Asked<()> {
    let commands = [&course.question.server, &course.question.client];
    let mut programs = commands.into_iter().filter_map(|words| words.first());
    let missing = programs.find(|name| name.contains('/') && !course.home.join(name).exists());
    let Some(program) = missing else { return Ok(()) };
    course.fail("fault-no-sources", &[("program", text(program.clone()))])
}

/// Without its interpreter nothing can be judged, and not only what needs a start.
fn has_tools(course: &Course<'_>) -> Asked<()> {
    let commands = [&course.question.server, &course.question.client];
    let mut names = commands.into_iter().filter_map(|words| words.first());
    match names.find_map(|name| tools::missing(&format!("{name}: "))) {
        Some(tool) => course.cannot(&format!("run {tool}"), &"it is not installed here"),
        None => Ok(()),
    }
}

/// The command, and the lines in which a compiler names what is wrong; else the last ones.
fn evidence(command: &str, log: &Log) -> Vec<String> {
    let lines = hearing::visible(&log.text());
    let names_it =
        |line: &&String| ["error", "undefined reference"].iter().any(|words| line.contains(words));
    let wrong: Vec<&String> = lines.iter().filter(names_it).collect();
    let shown: Vec<String> = if wrong.is_empty() {
        lines[lines.len().saturating_sub(LINES)..].to_vec()
    } else {
        wrong.into_iter().take(LINES).cloned().collect()
    };
    let command = format!("$ {}", ipctop::clean::clean(command));
    [command].into_iter().chain(shown.into_iter().map(|line| format!("build| {line}"))).collect()
}

/// The command of the assignment, or what the files ask for; None: nothing is built.
pub(crate) fn command(course: &Course<'_>) -> Option<String> {
    if let Some(command) = &course.question.build {
        return Some(command.clone());
    }
    let is_there = |name: &str| course.home.join(name).exists();
    if is_there("Makefile") || is_there("makefile") || is_there("GNUmakefile") {
        return Some("make".to_owned());
    }
    if is_there("Cargo.toml") {
        return Some("cargo build --release --offline".to_owned());
    }
    let sources = c_programs(&course.home);
    let compile = |name: &String| {
        let program = name.trim_end_matches(".c");
        format!("cc -std=gnu11 -g -pthread -o '{program}' '{name}'")
    };
    (!sources.is_empty()).then(|| sources.iter().map(compile).collect::<Vec<_>>().join(" && "))
}

/// The C files with a main; each is a program. Their names can be put between quotes.
fn c_programs(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| name.ends_with(".c") && !name.contains('\'') && !name.starts_with('-'))
        .filter(|name| {
            // It may be a link, to another file or to what is none.
            let path = folder.join(name).canonicalize();
            let source = path.and_then(|path| tree::content(&path, SOURCE_MAX)).unwrap_or_default();
            let source = String::from_utf8_lossy(&source);
            source.split("main").skip(1).any(|rest| rest.trim_start().starts_with('('))
        })
        .collect();
    names.sort();
    names
}
