//! One thing with everything that touches it, a queue's messages, and the help.

use crate::lines;
use crate::model::look::Look;
use crate::model::object::ObjectId;
use crate::screen::rows::{self, Thing};
use crate::screen::state::State;

/// The lines about a thing.
pub fn open(state: &State, thing: &Thing) -> Vec<String> {
    let look = &state.look;
    let mut page = match thing {
        Thing::Process(pid) => process(look, *pid),
        Thing::Object(id) => object(look, id),
        Thing::Finding(at) => finding(look, *at),
    };
    if page.is_empty() {
        page.push(state.messages.say("screen-gone"));
    }
    page
}

fn process(look: &Look, pid: i32) -> Vec<String> {
    let Some(process) = look.process(pid) else { return Vec::new() };
    let mut page = vec![lines::process_line(look, process), process.command.clone(), String::new()];
    for thread in &process.threads {
        let wait = lines::wait(look, thread);
        page.push(format!("thread {} {} {} {wait}", thread.tid, thread.name, thread.state));
    }
    page.push(String::new());
    for descriptor in &process.descriptors {
        let mode = match (descriptor.reads, descriptor.writes) {
            (true, true) => "rw",
            (true, false) => "r",
            _ => "w",
        };
        let name = lines::name(look, &descriptor.object);
        page.push(format!("{:>4} {mode:<2} {name}", descriptor.number));
    }
    let about = look.findings.iter().filter(|found| found.processes.contains(&pid));
    page.extend(about.flat_map(|found| [String::new(), found.text.clone(), found.next.clone()]));
    page
}

fn object(look: &Look, id: &ObjectId) -> Vec<String> {
    let row = rows::objects(look).into_iter().find(|row| row.thing == Thing::Object(id.clone()));
    let Some(row) = row else { return Vec::new() };
    let mut page = vec![row.text, String::new()];
    for process in &look.processes {
        for descriptor in process.descriptors.iter().filter(|found| found.object == *id) {
            page.push(format!("{} {}", process.label(), descriptor.number));
        }
        for thread in &process.threads {
            let waits = thread.wait.iter().flat_map(|wait| &wait.on).any(|want| want.object == *id);
            if waits {
                page.push(format!("{} {}", process.label(), lines::wait(look, thread)));
            }
        }
    }
    let about = look.findings.iter().filter(|found| found.objects.contains(id));
    page.extend(about.flat_map(|found| [String::new(), found.text.clone(), found.next.clone()]));
    page
}

fn finding(look: &Look, at: usize) -> Vec<String> {
    let Some(finding) = look.findings.get(at) else { return Vec::new() };
    let mut page = vec![finding.text.clone(), String::new(), finding.next.clone(), String::new()];
    let processes = finding.processes.iter().filter_map(|&pid| look.process(pid));
    page.extend(processes.map(|process| lines::process_line(look, process)));
    page.extend(finding.objects.iter().map(|id| lines::name(look, id)));
    page
}

/// The messages of a queue, the oldest first.
pub fn peek(state: &State, thing: &Thing) -> Vec<String> {
    let queue = state.look.queues.iter().find(|queue| Thing::Object(queue.id()) == *thing);
    let Some(queue) = queue else { return vec![state.messages.say("screen-gone")] };
    let mut page = vec![queue.name(), String::new()];
    for (at, message) in queue.messages.iter().flatten().enumerate() {
        let said = message.meaning.as_ref().or(message.text.as_ref());
        let said = said.map_or("", String::as_str);
        page.push(format!("{at:>4}  type {}  {} B  {said}", message.mtype, message.bytes));
    }
    page
}

/// The keys.
pub fn help(state: &State) -> Vec<String> {
    state.messages.say("screen-help").lines().map(str::to_owned).collect()
}
