//! The rows of the panes: what each says, and which thing it is.

use crate::lines;
use crate::model::look::Look;
use crate::model::object::ObjectId;

/// A thing that a row stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Thing {
    /// A process.
    Process(i32),
    /// An object.
    Object(ObjectId),
    /// A finding, by its place in the look.
    Finding(usize),
}

/// A row.
#[derive(Clone, Debug)]
pub struct Row {
    /// The thing.
    pub thing: Thing,
    /// What it says.
    pub text: String,
    /// How full it is, from 0 to 1, if it can be full.
    pub fullness: Option<f64>,
    /// Whether a finding is about it.
    pub is_stuck: bool,
}

/// The processes and their threads, as a tree.
pub fn processes(look: &Look) -> Vec<Row> {
    let mut rows = Vec::new();
    for (depth, process) in lines::tree(look) {
        let is_stuck = look.findings.iter().any(|found| found.processes.contains(&process.pid));
        let indent = " ".repeat(depth.min(8));
        let row = |text| Row { thing: Thing::Process(process.pid), text, fullness: None, is_stuck };
        rows.push(row(format!("{indent}{}", lines::process_line(look, process))));
        for thread in process.threads.iter().filter(|thread| thread.tid != process.pid) {
            let wait = lines::wait(look, thread);
            rows.push(row(format!("{indent} - {} {} {wait}", thread.name, thread.state)));
        }
    }
    rows
}

/// The objects, those of findings first, then queues and pipes.
pub fn objects(look: &Look) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut add = |id: ObjectId, text: String, fullness: Option<f64>| {
        let is_stuck = look.findings.iter().any(|found| found.objects.contains(&id));
        rows.push(Row { thing: Thing::Object(id), text, fullness, is_stuck });
    };
    for queue in &look.queues {
        let text = lines::queue(queue).join("; ");
        add(queue.id(), format!("queue {text}"), share(Some(queue.bytes), queue.bytes_max));
    }
    for pipe in &look.pipes {
        add(pipe.id.clone(), lines::pipe(look, pipe), share(pipe.bytes, pipe.bytes_max));
    }
    for segment in &look.segments {
        let id = ObjectId::system_v("shm", segment.shmid);
        add(id, format!("memory {}", lines::segment(segment)), None);
    }
    for set in &look.semaphores {
        let id = ObjectId::system_v("sem", set.semid);
        add(id, format!("semaphores {}", lines::semaphores(set)), None);
    }
    for object in &look.posix {
        let fullness = share(object.value, object.value_max);
        add(object.id.clone(), lines::posix(object), fullness);
    }
    for socket in &look.sockets {
        add(socket.id(), lines::socket(look, socket), None);
    }
    for lock in &look.locks {
        add(lock.object.clone(), lines::lock(look, lock), None);
    }
    rows.sort_by_key(|row| !row.is_stuck);
    rows
}

/// The findings, or one row that says that there is none.
pub fn findings(look: &Look) -> Vec<Row> {
    let row = |(at, finding): (usize, &crate::model::finding::Finding)| Row {
        thing: Thing::Finding(at),
        text: format!("{} -> {}", finding.text, finding.next),
        fullness: None,
        is_stuck: true,
    };
    look.findings.iter().enumerate().map(row).collect()
}

fn share(used: Option<u64>, max: Option<u64>) -> Option<f64> {
    let max = max.filter(|&max| max > 0)?;
    Some((used? as f64 / max as f64).clamp(0.0, 1.0))
}
