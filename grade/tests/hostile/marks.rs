//! Each attack, beside an innocent submission.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use grade::items;
use grade::options::Door;
use grade::verdict::item::Verdict;
use harness::effort::Effort;
use harness::say::say;
use nix::sys::prctl::set_child_subreaper;

use crate::attacks::{ALL, Attack, Costs};
use crate::class::{By, Class, Judged};
use crate::{left, printed};

/// What the submission gets without its hostile part.
const MARK: f64 = 18.0;
/// All of it, on a busy machine.
const TIME_MAX: Duration = Duration::from_secs(600);
/// The items that take longest.
const FEW: &str = "many-clients = 0\nsurvives = 0\nreservation = 0\nmechanism = 0\n";

/// The items that the submission must lose: its own fault, what the attack costs it, and what
/// depends on that.
fn lost(attack: &Attack) -> BTreeSet<&'static str> {
    let mut lost = BTreeSet::from(["refusals"]);
    if let Costs::Items(items) = attack.costs {
        lost.extend(items);
    }
    for item in items::all().filter(|item| item.points > 0.0 && item.door != Door::Wire) {
        if item.depends_on.iter().any(|id| lost.contains(id)) {
            lost.insert(item.id);
        }
    }
    lost
}

/// What is wrong; nothing if the attack came to nothing.
fn judge(attack: &Attack, by: By, points: &str) -> Vec<String> {
    let before = left::on_the_machine();
    let class = Class::new(attack, points);
    let judged = class.judge(by);
    let mut wrong = verdicts(attack, &judged);
    let after = left::on_the_machine();
    wrong.extend(after.difference(&before).map(|thing| format!("left: {thing}")));
    wrong.extend(printed::wrong(&class.path("out"), &judged.mallory));
    let said = String::from_utf8_lossy(&judged.output.stdout).lines().count();
    if judged.output.status.code() != Some(0) || said != 1 || !judged.output.stderr.is_empty() {
        wrong.push(format!("the grader: {:?}", judged.output));
    }
    if judged.time > TIME_MAX {
        wrong.push(format!("it took {:?}", judged.time));
    }
    if !wrong.is_empty() {
        say(&serde_json::to_string_pretty(&judged.mallory).unwrap());
        say(&serde_json::to_string_pretty(&judged.innocent).unwrap());
    }
    let (mark, seconds) = (judged.mallory.points, judged.time.as_secs_f64());
    say(&format!("{:<26} {by:?} {mark:>5} {seconds:>6.1} s {}", attack.name, wrong.join("; ")));
    wrong.iter().map(|what| format!("{} {by:?}: {what}", attack.name)).collect()
}

fn verdicts(attack: &Attack, judged: &Judged) -> Vec<String> {
    let mut wrong = Vec::new();
    for item in judged.innocent.items.iter().filter(|item| item.ruling.verdict != Verdict::Pass) {
        wrong.push(format!("innocent: {} is {:?}", item.id, item.ruling.verdict));
    }
    for report in [&judged.mallory, &judged.innocent] {
        if report.isolation != "namespaces" {
            wrong.push(format!("{} had no box", report.submission));
        }
    }
    let lost = lost(attack);
    for item in &judged.mallory.items {
        let verdict = item.ruling.verdict;
        let is_right = match lost.contains(item.id.as_str()) {
            // What the grader could not judge costs nothing.
            true => verdict.loses(),
            false => verdict == Verdict::Pass || attack.costs == Costs::Any && verdict.loses(),
        };
        if !is_right {
            wrong.push(format!("{} is {verdict:?}: {}", item.id, item.ruling.cause));
        }
    }
    let best = judged.mallory.max - 20.0 + MARK;
    if judged.mallory.points > best {
        wrong.push(format!("{} of {best} points", judged.mallory.points));
    }
    wrong
}

#[test]
fn a_hostile_submission_changes_no_mark_and_leaves_nothing() {
    // Who outlives its parents comes to this process.
    set_child_subreaper(true).unwrap();
    let day = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() / 86_400;
    let only = std::env::var("GRADE_HOSTILE").ok();
    let n = Effort::asked().of(1, 2, ALL.len());
    // Those that cost their own submission something wait for time-outs.
    let is_short = |attack: &&Attack| {
        only.is_some() || Effort::asked() != Effort::Quick || attack.costs == Costs::Nothing
    };
    let pool: Vec<&Attack> = ALL.iter().filter(is_short).collect();
    let points = Effort::asked().of(FEW, FEW, "");
    let mut wrong = Vec::new();
    for at in 0..pool.len() {
        // Another sample each day.
        let attack = pool[(at + day as usize * n) % pool.len()];
        let is_wanted = match &only {
            Some(part) => attack.name.contains(part.as_str()),
            None => at < n,
        };
        if !is_wanted {
            continue;
        }
        let by = Effort::asked().of(&[By::Me][..], &[By::User], &[By::Me, By::User]);
        wrong.extend(by.iter().flat_map(|by| judge(attack, *by, points)));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
