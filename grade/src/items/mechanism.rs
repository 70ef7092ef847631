//! Do requests and answers travel by what the question asks for?
//!
//! Everybody but the client is frozen while it asks: then the request is still where it was put, and
//! the kernel tells in which call on which object the client waits.

use std::collections::BTreeSet;

use ipctop::lines;
use ipctop::model::look::Look;
use ipctop::scope::{Scope, Target};
use ipctop::watch;

use crate::assignment::question::{Mechanism, Workers};
use crate::dialogue::client::Client;
use crate::items::workers;
use crate::judge::course::{Asked, Course};
use crate::judge::hearing;
use crate::judge::scene::Scene;
use crate::judge::shows;
use crate::kernel::quiet;
use crate::verdict::item::{Ruling, Verdict};
use crate::words::text;

/// What was seen while everybody else was frozen.
#[derive(Debug, Default)]
struct Seen {
    /// The kinds of objects that the client waits for: `msg`, `pipe`, `socket` and others.
    awaited: BTreeSet<String>,
    /// The kinds of objects that hold something.
    loaded: BTreeSet<String>,
    /// The messages that queues hold, by their contents.
    digests: Vec<u64>,
    lines: Vec<String>,
}

/// Freezes the server under two reservations, and looks.
pub(super) fn ask(course: &Course<'_>) -> Asked<Ruling> {
    let Some(mechanism) = course.question.mechanism else {
        return Ok(Ruling::pass(Vec::new()));
    };
    let scene = Scene::start(course)?;
    let mut client = scene.client("ada")?;
    let show = shows::with_seats(course, &mut client, 3)?;
    let first = observe(course, &scene, &mut client, &show.name, 1)?;
    check(course, mechanism, &first)?;
    let second = observe(course, &scene, &mut client, &show.name, 2)?;
    check(course, mechanism, &second)?;
    // A message that is there all the time is no request.
    if !first.digests.is_empty() && first.digests == second.digests {
        return lost(course, "fault-same-message", mechanism, &second);
    }
    client.kill();
    let mut evidence = first.lines;
    if course.question.workers != Workers::Any {
        evidence.extend(workers::check(course, &scene)?);
    }
    Ok(Ruling::pass(evidence))
}

fn observe(
    course: &Course<'_>,
    scene: &Scene<'_>,
    client: &mut Client<'_>,
    show: &str,
    seats: i64,
) -> Asked<Seen> {
    client.prepare_reserve(show, &seats.to_string());
    let frozen = scene.freeze(&[client])?;
    client.send();
    quiet::wait(&[client.pid()], course.patience);
    let look = watch::look(&Scope::of(Target::Pid(client.pid())));
    let mut seen = Seen::default();
    seen.add_waits(&look, client);
    seen.add_objects(&look);
    // A client that has closed the pipe in which its request is shares nothing with the server.
    let is_apart = scene.workers.iter().all(|&pid| look.process(pid).is_none());
    if let Some(&worker) = scene.workers.first().filter(|_| is_apart) {
        seen.add_objects(&watch::look(&Scope::of(Target::Pid(worker))));
    }
    drop(frozen);
    let outcome = client.outcome();
    hearing::must_be_done(course, &outcome)?;
    Ok(seen)
}

impl Seen {
    /// What the client waits for.
    fn add_waits(&mut self, look: &Look, client: &Client<'_>) {
        let own = look.processes.iter().filter(|process| process.session == client.session());
        for wait in
            own.flat_map(|process| &process.threads).filter_map(|thread| thread.wait.as_ref())
        {
            self.awaited.extend(wait.on.iter().map(|want| want.object.kind().to_owned()));
        }
    }

    /// Who is there, and what holds something.
    fn add_objects(&mut self, look: &Look) {
        self.lines.extend(lines::processes(look));
        for queue in look.queues.iter().filter(|queue| queue.n_messages > 0) {
            self.loaded.insert("msg".to_owned());
            self.digests.extend(queue.messages.iter().flatten().map(|message| message.digest));
            self.lines.extend(lines::queue(queue));
        }
        for pipe in look.pipes.iter().filter(|pipe| pipe.bytes.is_some_and(|bytes| bytes > 0)) {
            self.loaded.insert("pipe".to_owned());
            self.lines.push(lines::pipe(look, pipe));
        }
        for socket in look.sockets.iter().filter(|socket| socket.receive_queue > 0) {
            self.loaded.insert("socket".to_owned());
            self.lines.push(lines::socket(look, socket));
        }
        for object in look.posix.iter().filter(|object| object.kind == "mqueue" && object.bytes > 0)
        {
            self.loaded.insert("mqueue".to_owned());
            self.lines.push(lines::posix(object));
        }
    }

    fn awaits(&self, kinds: &[&str]) -> bool {
        kinds.iter().any(|kind| self.awaited.contains(*kind))
    }
}

/// Whether the client waits for the right kind of object; one that polls waits for none, and then its
/// request must be in one.
fn check(course: &Course<'_>, mechanism: Mechanism, seen: &Seen) -> Asked<()> {
    let kinds = kinds(mechanism);
    let holds = |kind: &String| kinds.contains(&kind.as_str());
    let others_hold = seen.loaded.iter().any(|kind| !holds(kind));
    let polls =
        seen.awaited.iter().all(|kind| kind == "process" || kind == "mutex" || kind == "sem");
    let is_right = seen.awaits(kinds) || polls && seen.loaded.iter().any(holds);
    // The kernel delivers at once to a socket that nobody has accepted yet, where nobody can look.
    let is_carried = mechanism == Mechanism::Socket || seen.loaded.iter().any(holds);
    match is_right && is_carried && !others_hold {
        true => Ok(()),
        false => lost(course, "fault-mechanism", mechanism, seen),
    }
}

fn kinds(mechanism: Mechanism) -> &'static [&'static str] {
    match mechanism {
        Mechanism::Pipe => &["pipe"],
        Mechanism::Queue => &["msg", "mqueue"],
        Mechanism::Socket => &["socket"],
    }
}

fn lost<T>(course: &Course<'_>, fault: &str, mechanism: Mechanism, seen: &Seen) -> Asked<T> {
    let list = |kinds: &BTreeSet<String>| {
        let names = kinds.iter().map(|kind| course.words.say(&format!("object-{kind}")));
        let names: Vec<String> = names.collect();
        if names.is_empty() { course.words.say("object-none") } else { names.join(", ") }
    };
    let wanted = course.words.say(&format!("object-{}", kinds(mechanism)[0]));
    let values = [
        ("wanted", text(wanted)),
        ("awaited", text(list(&seen.awaited))),
        ("loaded", text(list(&seen.loaded))),
    ];
    let fault = course.words.fault(Verdict::Fail, fault, &values);
    Err(Box::new(fault.with_lines(seen.lines.clone())))
}
