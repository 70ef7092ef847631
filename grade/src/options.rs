//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use ipctop::messages::Language;
use serde::Deserialize;

/// Marks a submission, whatever its language, protocol and menu, and says why.
///
/// `grade q2 course/alice` builds and starts her answer to question 2, types at the menu of her
/// clients, looks at what the kernel sees, and prints a verdict for each item.
#[derive(Clone, Debug, Parser)]
#[command(
    name = "grade",
    version,
    args_conflicts_with_subcommands = true,
    arg_required_else_help = true,
    after_help = AFTER
)]
pub struct Options {
    /// What is asked for.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// One question of one submission.
    #[command(flatten)]
    pub one: One,
    /// How often the grader itself is wrong.
    #[command(flatten)]
    pub self_check: SelfCheck,
}

/// What else there is to do.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Write COURSE/assignment.toml: five questions, each item explained
    Init {
        /// The folder of the course
        course: PathBuf,
    },
    /// Build and start a submission, try its dialogue, and on a terminal write one that works
    ///
    /// On a terminal its client is opened for you: what you type becomes the dialogue. The programs
    /// run in a copy of the folder, as you, without the box of the other commands.
    Try(Try),
    /// Run a command line in a box with a copy of FOLDER in it, as the programs of a submission are
    Box {
        /// What is copied into the box
        folder: PathBuf,
        /// The command line, for sh
        line: OsString,
    },
    /// Mark every submission of a course
    Class {
        /// The folder with one folder for each student
        course: PathBuf,
        /// Where the marks go
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// How many submissions at the same time
        #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=64))]
        jobs: u32,
        /// How it is asked and told.
        #[command(flatten)]
        how: How,
    },
}

/// One question of one submission.
#[derive(Clone, Debug, Args)]
pub struct One {
    /// The question, as the assignment names it: q2
    pub question: Option<String>,
    /// The submission: the folder of a student
    pub folder: Option<PathBuf>,
    /// How the verdict is printed
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Ask only this item, and what it depends on
    #[arg(long, value_name = "NAME")]
    pub item: Vec<String>,
    /// Ask only items of this door
    #[arg(long, value_enum)]
    pub door: Option<Door>,
    /// How it is asked and told.
    #[command(flatten)]
    pub how: How,
}

/// How often the grader itself is wrong.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "The grader's own errors")]
pub struct SelfCheck {
    /// Judge the programs of DIR, and count where they get other verdicts than those beside them
    #[arg(
        long = "self-check",
        value_name = "DIR",
        num_args = 0..=1,
        default_missing_value = "grade/corpus",
        conflicts_with_all = ["question", "folder", "format", "item", "door", "assignment", "lang"]
    )]
    pub corpus: Option<PathBuf>,
    /// Only programs whose name has PART in it, such as q2/bad
    #[arg(long, value_name = "PART", requires = "corpus")]
    pub only: Vec<String>,
    /// Judge today's 20 programs, each so often
    #[arg(long, value_name = "N", requires = "corpus", value_parser = clap::value_parser!(u32).range(1..))]
    pub repeat: Option<u32>,
    /// Busy loops beside it
    #[arg(long, value_name = "N", requires = "corpus", default_value_t = 0)]
    pub load: u32,
    /// Judge today's programs until so much time has passed
    #[arg(long, value_name = "SECONDS", requires = "corpus")]
    pub sample: Option<u64>,
}

/// One dialogue.
#[derive(Clone, Debug, Args)]
pub struct Try {
    /// The question, as the assignment names it
    pub question: String,
    /// The submission
    pub folder: PathBuf,
    /// The assignment file; the default is the nearest assignment.toml in FOLDER or above
    #[arg(long, value_name = "FILE")]
    pub assignment: Option<PathBuf>,
    /// The language; the default is what LANG says
    #[arg(long, value_enum)]
    pub lang: Option<Language>,
    /// Write a dialogue that works into the submission's grade.toml, unless it has one
    #[arg(long)]
    pub write: bool,
}

/// How submissions are asked, and in which language they are told.
#[derive(Clone, Debug, Args)]
pub struct How {
    /// The assignment file; the default is the nearest assignment.toml in FOLDER or above
    #[arg(long, value_name = "FILE")]
    pub assignment: Option<PathBuf>,
    /// The language; the default is what LANG says
    #[arg(long, value_enum)]
    pub lang: Option<Language>,
    /// Multiply every time limit; the default comes from how fast this machine is
    #[arg(long, value_name = "FACTOR", value_parser = factor)]
    pub patience: Option<f64>,
}

/// How a verdict is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For a person.
    #[default]
    Human,
    /// For a program; README.md has the schema.
    Json,
    /// A JUnit file: wrong work is a failure, an item that could not be judged an error.
    Junit,
    /// The results.json of Gradescope.
    Gradescope,
    /// The lines of Moodle's VPL.
    Vpl,
    /// A line of a table.
    Csv,
}

/// How an item asks.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Door {
    /// It builds, starts and stops programs, and looks at what the kernel sees.
    Outside,
    /// It types at the menu of a client.
    Menu,
    /// It asks the server in the bytes of docs/PROTOCOL.md, which the course hands out.
    Wire,
}

const AFTER: &str = "\
First:  grade init course   then:  grade try q2 course/alice   then:  grade q2 course/alice
Exit status: 0 full marks, 1 marks lost, 2 usage, 3 the grader could not judge (never a zero).";

fn factor(text: &str) -> Result<f64, String> {
    let factor: f64 = text.parse().map_err(|_| format!("`{text}` is no number"))?;
    if (0.1..=1000.0).contains(&factor) {
        Ok(factor)
    } else {
        Err("a factor from 0.1 to 1000 is wanted".to_owned())
    }
}
