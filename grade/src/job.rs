//! What is told to the process that asks the items, inside the box, and what it answers.

use std::ops::ControlFlow;

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::assignment::question::{Mechanism, Question};
use crate::items::{self, Item};
use crate::judge::course::Course;
use crate::judge::rounds;
use crate::judge::surroundings::Surroundings;
use crate::launch::launcher::Launcher;
use crate::patience::Patience;
use crate::words::{self, Words};

/// One question of one submission.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Job {
    /// The question, as the submission may change it.
    pub question: serde_json::Value,
    /// The items that are asked, in their order.
    pub items: Vec<String>,
    /// `fr` or `en`.
    pub language: String,
    /// What every time limit is multiplied by, besides what a calibration finds.
    pub patience: f64,
}

impl Job {
    /// The items that are wanted.
    fn wanted(&self) -> Vec<&'static Item> {
        items::all().filter(|item| self.items.iter().any(|id| id == item.id)).collect()
    }

    /// Asks them, with the submission's files in `home`; each report is a line of JSON for `on_line`.
    ///
    /// # Errors
    /// If the job cannot be understood, or nobody hears the reports any more.
    pub fn run(
        &self,
        surroundings: &mut Surroundings,
        on_line: &mut dyn FnMut(&Surroundings, &str) -> std::io::Result<()>,
    ) -> anyhow::Result<()> {
        let question = Question::deserialize(&self.question).context("cannot read the job")?;
        let words = Words::new(words::language(&self.language));
        let elsewhere = elsewhere(surroundings, &question);
        let surroundings = &*surroundings;
        let patience = Patience::calibrate(surroundings.launcher(), self.patience)
            .context("cannot calibrate")?;
        let course = Course {
            surroundings,
            launcher: surroundings.launcher(),
            elsewhere: elsewhere.as_ref(),
            question: &question,
            words: &words,
            patience,
            home: surroundings.home().to_owned(),
            built: Default::default(),
        };
        let mut heard = Ok(());
        rounds::ask(&course, &self.wanted(), &mut |report| {
            let line = serde_json::to_string(report).map_err(std::io::Error::from);
            heard = line.and_then(|line| on_line(surroundings, &line));
            if heard.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        heard.context("cannot say a report")
    }
}

/// Another machine, where the question is about sockets and its client can be told an address.
fn elsewhere(surroundings: &mut Surroundings, question: &Question) -> Option<Launcher> {
    let is_told = question.client.iter().any(|word| word.contains("{host}"));
    match surroundings {
        Surroundings::Box(inside) if is_told && question.mechanism == Some(Mechanism::Socket) => {
            // A kernel without veth has no other machine: the item that needs one says so.
            inside.elsewhere().ok()
        }
        _ => None,
    }
}
