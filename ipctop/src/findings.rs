//! What is stuck: one rule a file, the most certain first.

mod facts;

mod wakers;

mod stopped;

mod eof_never;

mod cycle;

mod reply_lost;

mod queue_full;

mod message_unwanted;

mod keys;

mod fifo_open;

mod pipe_full;

mod held;

mod sockets;

mod signals;

mod spinning;

mod growing;

mod limits;

mod process_end;

mod leak;

use crate::collect::table::Table;
use crate::findings::facts::{Facts, Found};
use crate::history::History;
use crate::messages::Messages;
use crate::model::finding::Finding;
use crate::model::look::Look;

/// A rule: what it finds in a look.
type Rule = fn(&Facts<'_>) -> Vec<Finding>;

/// The rules; where two find the same process at the same object, the first one is heard.
const RULES: &[Rule] = &[
    stopped::find,
    eof_never::find,
    cycle::find,
    reply_lost::find,
    queue_full::find,
    message_unwanted::find,
    keys::find,
    fifo_open::find,
    pipe_full::find,
    held::find,
    sockets::find,
    signals::find,
    spinning::find,
    growing::find,
    limits::find,
    process_end::find,
    leak::find,
];

/// Asks all rules about a look.
pub(crate) fn find(
    look: &Look,
    table: &Table,
    history: &History,
    messages: &Messages,
) -> Vec<Finding> {
    let found = Found::new(look);
    let facts = Facts::new(look, &found, table, history, messages);
    let is_narrow = look.is_narrow();
    let mut findings: Vec<Finding> = Vec::new();
    for rule in RULES {
        for mut finding in rule(&facts) {
            let is_wanted = !is_narrow || concerns_asked(look, &finding);
            if is_wanted && !findings.iter().any(|earlier| covers(earlier, &finding)) {
                messages.tell(&mut finding);
                findings.push(finding);
            }
        }
    }
    findings
}

/// Whether a finding is about a process that was asked for, or about an object of the whole system.
/// Whoever only shares an object with them may have troubles of its own.
fn concerns_asked(look: &Look, finding: &Finding) -> bool {
    let is_asked = |pid: &i32| look.process(*pid).is_some_and(|process| process.is_asked_for);
    finding.processes.is_empty()
        || finding.processes.iter().any(is_asked)
        || finding.objects.iter().any(|object| matches!(object.kind(), "msg" | "shm" | "sem"))
}

/// Whether an earlier finding says already what is wrong with the first process of a later one.
fn covers(earlier: &Finding, later: &Finding) -> bool {
    let Some(first) = later.processes.first() else { return false };
    let is_same_place = match later.objects.first() {
        Some(object) => earlier.objects.contains(object),
        None => earlier.kind == later.kind,
    };
    earlier.processes.contains(first) && is_same_place
}
