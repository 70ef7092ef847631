//! Where keys come from, and which messages the server receives: evidence, and an item for those who
//! want to give it points.

use std::path::Path;

use crate::judge::course::{Asked, Course};
use crate::judge::scene::Scene;
use crate::kernel::keys::{self, Keyed, Origin};
use crate::kernel::thread::{self, Doing};
use crate::verdict::item::{Ruling, Verdict};
use crate::words::text;

/// MSG_EXCEPT: all types but this one. See msgrcv(2).
const EXCEPT: u64 = 0o20000;

/// Each key must be ftok of a file, or none.
pub(super) fn ask(course: &Course<'_>) -> Asked<Ruling> {
    let before = keys::objects();
    let scene = Scene::start(course)?;
    let client = scene.client("ada")?;
    let objects = keys::since(&before, &course.home);
    let lines: Vec<String> = objects.iter().map(|object| line(object, &course.home)).collect();
    client.leave();
    if objects.is_empty() {
        return course.cannot("look at keys", &"it has no object of System V");
    }
    let is_bad = |object: &&Keyed| matches!(object.origin, Origin::Failed | Origin::Fixed);
    let Some(bad) = objects.iter().find(is_bad) else { return Ok(Ruling::pass(lines)) };
    let fault = if bad.origin == Origin::Failed { "fault-key-failed" } else { "fault-key-fixed" };
    let kind = course.words.say(&format!("object-{}", bad.kind));
    let values = [("kind", text(kind)), ("key", text(format!("{:#x}", bad.key)))];
    let fault = course.words.fault(Verdict::Fail, fault, &values);
    Err(Box::new(fault.with_lines(lines)))
}

/// A line for each object, and one for each thread that receives any message, or the smallest type.
pub(super) fn evidence(objects: &[Keyed], scene: &Scene<'_>, home: &Path) -> Vec<String> {
    let lines = objects.iter().map(|object| line(object, home));
    lines.chain(receives(&scene.workers)).collect()
}

fn line(object: &Keyed, home: &Path) -> String {
    let Keyed { kind, id, key, origin } = object;
    let origin = match origin {
        Origin::Private => "IPC_PRIVATE".to_owned(),
        Origin::Failed => "-1, as ftok returns for a file that is not there".to_owned(),
        Origin::Fixed => "fixed, ftok of no file in sight".to_owned(),
        Origin::File(path) => {
            let path = path.strip_prefix(home).unwrap_or(path).display().to_string();
            let path = if path.is_empty() { ".".to_owned() } else { ipctop::clean::clean(&path) };
            let project = (key >> 24) as u8;
            format!("ftok({path}, {project:#x} {:?})", char::from(project))
        }
    };
    format!("{kind} {id} (key {key:#x}): {origin}")
}

fn receives(pids: &[i32]) -> Vec<String> {
    let of = |&pid: &i32| thread::of(pid).into_iter().map(move |tid| (pid, tid));
    let tasks = pids.iter().flat_map(of);
    let told = |(pid, tid)| {
        let Some(Doing::Sleeps(call)) = thread::doing(pid, tid) else { return None };
        let (wanted, flags) = (call.arguments[3] as i64, call.arguments[4]);
        if call.number != libc::SYS_msgrcv || flags & EXCEPT != 0 {
            return None;
        }
        let meaning = match wanted {
            0 => "any message",
            ..0 => "the smallest type first",
            _ => return None,
        };
        Some(format!("{tid} msgrcv(msg {}, type {wanted}): {meaning}", call.arguments[0] as i32))
    };
    tasks.filter_map(told).collect()
}
