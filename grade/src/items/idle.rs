//! Does nobody use the processor while nobody asks?

use std::fs;
use std::time::Duration;

use crate::judge::course::{Asked, Course};
use crate::judge::hearing;
use crate::judge::scene::Scene;
use crate::judge::shows;
use crate::kernel::thread;
use crate::kernel::usage::Usage;
use crate::verdict::item::{Ruling, Verdict};
use crate::words::{number, text};

/// How long nobody asks.
const IDLE: Duration = Duration::from_secs(1);
/// A program that looks a thousand times a second whether there is something to do uses 2 percent.
const PERCENT_MAX: u64 = 20;

/// Has a client served; then it stays at its menu, and the processor time of all programs is counted.
pub(super) fn ask(course: &Course<'_>) -> Asked<Ruling> {
    let scene = Scene::start(course)?;
    let mut client = scene.client("ada")?;
    let show = shows::with_seats(course, &mut client, 1)?;
    let outcome = client.reserve(&show.name, "1");
    hearing::must_be_done(course, &outcome)?;
    let before = look(course)?;
    std::thread::sleep(IDLE);
    let after = look(course)?;
    if !after.is_counted() {
        return course.cannot("count processor time", &"this kernel has no schedstat");
    }
    let percent = after.percent_since(&before);
    let line = |(pid, percent): (&i32, &u64)| format!("{pid} {}: {percent} %", name(*pid));
    let lines: Vec<String> = percent.iter().map(line).collect();
    match percent.iter().max_by_key(|(_, percent)| **percent) {
        Some((&pid, &percent)) if percent > PERCENT_MAX => {
            let values = [
                ("name", text(name(pid))),
                ("percent", number(percent as i64)),
                ("max", number(PERCENT_MAX as i64)),
            ];
            let fault = course.words.fault(Verdict::Fail, "fault-spins", &values);
            Err(Box::new(fault.with_lines(lines)))
        }
        _ => Ok(Ruling::pass(lines)),
    }
}

fn look(course: &Course<'_>) -> Asked<Usage> {
    match course.surroundings.processes() {
        Ok(pids) => Ok(Usage::of(&pids)),
        Err(error) => course.cannot("list the processes", &error),
    }
}

/// The command of a process.
fn name(pid: i32) -> String {
    let words = fs::read(format!("/proc/{}/cmdline", thread::living(pid))).unwrap_or_default();
    let words = String::from_utf8_lossy(&words).replace('\0', " ");
    ipctop::clean::clean(words.trim())
}
