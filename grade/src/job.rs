//! What is told to the process that asks the items, inside the box, and what it answers.

use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::Context;
use ipctop::messages::Language;
use serde::{Deserialize, Serialize};

use crate::assignment::question::Question;
use crate::items::{self, Item};
use crate::judge::course::Course;
use crate::judge::rounds;
use crate::launch::launcher::Launcher;
use crate::patience::Patience;
use crate::words::Words;

/// One question of one submission.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Job {
    /// The question, as the submission may change it.
    pub question: serde_json::Value,
    /// The items that are asked, in their order.
    pub items: Vec<String>,
    /// `fr` or `en`.
    pub language: String,
    /// The seed of what is drawn at random.
    pub seed: u64,
    /// What every time limit is multiplied by, besides what a calibration finds.
    pub patience: f64,
}

impl Job {
    /// The items that are wanted.
    fn wanted(&self) -> Vec<&'static Item> {
        items::ALL.iter().filter(|item| self.items.iter().any(|id| id == item.id)).collect()
    }

    /// Asks them, with the submission's files in `files`, and writes each report as a line of JSON.
    ///
    /// # Errors
    /// If the job cannot be understood, or nobody reads the reports any more.
    pub fn run(
        &self,
        launcher: &Launcher,
        files: &Path,
        scratch: &Path,
        reports: &mut dyn Write,
    ) -> anyhow::Result<()> {
        let question = Question::deserialize(&self.question).context("cannot read the job")?;
        fs::create_dir_all(scratch).context("cannot make a folder for the items")?;
        let words = Words::new(language(&self.language));
        let patience =
            Patience::calibrate(launcher, self.patience).context("cannot calibrate")?;
        let course = Course {
            launcher,
            question: &question,
            words: &words,
            patience,
            built: files.to_owned(),
            scratch: scratch.to_owned(),
            seed: self.seed,
        };
        let mut written = Ok(());
        rounds::ask(&course, &self.wanted(), &mut |report| {
            let line = serde_json::to_string(report).map(|line| line + "\n");
            if written.is_ok() {
                written = line
                    .map_err(std::io::Error::from)
                    .and_then(|line| reports.write_all(line.as_bytes()));
            }
        });
        written.context("cannot write a report")
    }
}

/// The language of a name, English unless it is French.
pub fn language(name: &str) -> Language {
    if name == "fr" { Language::French } else { Language::English }
}

/// The name of a language.
pub fn name(language: Language) -> &'static str {
    match language {
        Language::English => "en",
        Language::French => "fr",
    }
}
