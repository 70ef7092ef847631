//! A whole trial, from the build to a dialogue that works.

use std::io::BufRead;

use anyhow::Context;
use serde::Deserialize;

use crate::assignment::question::Question;
use crate::items;
use crate::judge::course::{Asked, Course};
use crate::judge::scene::Scene;
use crate::judge::surroundings::Surroundings;
use crate::patience::Patience;
use crate::trial::order::Order;
use crate::trial::own_terminal::OwnTerminal;
use crate::trial::proposal::propose;
use crate::trial::{check, guide, own_file, page};
use crate::verdict::item::Ruling;
use crate::words::language;
use crate::words::{Words, text};

/// Whether the dialogue works, at the end.
///
/// # Errors
/// If the trial cannot be made.
pub fn run(order: &Order) -> anyhow::Result<bool> {
    let question = Question::deserialize(&order.question).context("cannot read the question")?;
    let words = Words::new(language(&order.language));
    let surroundings = Surroundings::bare(order.home.clone()).context("cannot adopt orphans")?;
    let launcher = surroundings.launcher();
    let place = words.say(if order.is_apart { "trial-apart" } else { "trial-bare" });
    print!("{}", page::paragraph(&place));
    let patience = Patience::calibrate(launcher, 1.0).context("cannot calibrate")?;
    let course = Course {
        surroundings: &surroundings,
        launcher,
        elsewhere: None,
        question: &question,
        words: &words,
        patience,
        home: order.home.clone(),
        built: Default::default(),
    };
    if let Err(lost) = build(&course) {
        print!("{}", page::lost("build", &lost, &words));
        return Ok(false);
    }
    let is_good = try_lines(&course);
    let Some(own) = OwnTerminal::open() else {
        say_whether(&words, is_good);
        return Ok(is_good);
    };
    say_whether(&words, is_good);
    if !wants_another(&words, is_good)? {
        return Ok(is_good);
    }
    write_one(order, &course, &own)
}

fn build(course: &Course<'_>) -> Asked<Ruling> {
    match items::find("builds") {
        Some(item) => items::ask(course, item),
        None => course.cannot("build", &"there is no such item"),
    }
}

fn try_lines(course: &Course<'_>) -> bool {
    check::dialogue(course, &mut |tried| print!("{}", page::tried(tried, course.words)))
}

fn say_whether(words: &Words, is_good: bool) {
    let said = words.say(if is_good { "trial-good" } else { "trial-not-good" });
    print!("{}", page::paragraph(&said));
}

/// An empty line ends where the dialogue works, and goes on where it does not.
fn wants_another(words: &Words, is_good: bool) -> anyhow::Result<bool> {
    let choice = words.say(if is_good { "trial-another" } else { "trial-begin" });
    print!("\n{}", page::paragraph(&choice));
    let mut line = String::new();
    let count = std::io::stdin().lock().read_line(&mut line).context("cannot read the terminal")?;
    Ok(count > 0 && line.trim().is_empty() != is_good)
}

/// Has the person show the client, and makes a dialogue of that.
fn write_one(order: &Order, course: &Course<'_>, own: &OwnTerminal) -> anyhow::Result<bool> {
    let words = course.words;
    let scene = match Scene::start(course) {
        Ok(scene) => scene,
        Err(lost) => {
            print!("{}", page::lost("server", &lost, words));
            return Ok(false);
        }
    };
    let recorded = guide::record(course, own);
    own.restore();
    drop(scene);
    let proposal = propose(&recorded?);
    print!("{}", page::proposed(&order.name, &proposal, words));
    let Some(dialogue) = proposal.dialogue().filter(|_| proposal.missing.is_empty()) else {
        print!("{}", page::paragraph(&words.say("trial-not-whole")));
        return Ok(false);
    };
    let question = Question { dialogue, ..course.question.clone() };
    let course = Course {
        surroundings: course.surroundings,
        launcher: course.launcher,
        elsewhere: None,
        question: &question,
        words,
        patience: course.patience,
        home: course.home.clone(),
        built: course.built.clone(),
    };
    let is_good = try_lines(&course);
    say_whether(words, is_good);
    if let (true, Some(folder)) = (is_good, &order.write_to) {
        own_file::add(folder, &order.name, &proposal.text())?;
        let path = folder.join(crate::assignment::submission::OWN_FILE);
        let path = [("path", text(path.display().to_string()))];
        println!("{}", words.say_with("trial-written", &path));
    }
    Ok(is_good)
}
