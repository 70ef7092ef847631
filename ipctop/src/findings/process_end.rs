//! Processes that have ended and are still there, and those whose parent has.

use crate::findings::facts::Facts;
use crate::model::finding::Finding;
use crate::model::process::Process;

/// Zombies that their parent does not fetch, and orphans.
pub(super) fn find(facts: &Facts<'_>) -> Vec<Finding> {
    let processes = facts.look.processes.iter();
    let zombies = processes.clone().filter(|process| is_zombie(facts, process)).map(|process| {
        let found = Finding::new("zombie").of(process.pid).text("process", process.label());
        found.text("parent", facts.label(process.parent)).text("does", facts.doing(process.parent))
    });
    let orphans = processes.filter(|process| is_orphan(facts, process)).map(|process| {
        let found = Finding::new("orphan").of(process.pid).text("process", process.label());
        found.text("does", facts.doing(process.pid)).number("pid", process.pid)
    });
    zombies.chain(orphans).collect()
}

/// It was one in the look before, too: its parent had time. The first process of a machine is not
/// to blame, nor can its user do anything.
fn is_zombie(facts: &Facts<'_>, process: &Process) -> bool {
    let before = facts.history.before().and_then(|look| look.processes.get(&process.pid));
    let parent_runs = facts.table.get(process.parent).is_none_or(|parent| parent.state == 'R');
    process.state == 'Z'
        && process.parent > 1
        && !parent_runs
        && before.is_some_and(|before| before.state == 'Z')
}

/// Somebody who did not start it has adopted it, and the leader of its group is gone.
///
/// A daemon leads a session of its own, or its group; a command of a shell has its leader. An
/// interactive shell, which has a terminal, is the parent of groups whose leader may end first. In a
/// container the first process can have the session of all others, or no session that is in sight
/// (0).
fn is_orphan(facts: &Facts<'_>, process: &Process) -> bool {
    let is_adopted = match facts.table.get(process.parent) {
        Some(parent) if parent.session == process.session && process.session != 0 => {
            !process.has_terminal && parent.group != process.group
        }
        Some(parent) => parent.session != process.session || parent.group != process.group,
        None => true,
    };
    let leads = process.session == process.pid || process.group == process.pid;
    // The first process of a machine or container never had a parent.
    is_adopted
        && process.pid != 1
        && !leads
        && process.state != 'Z'
        && !facts.table.is_alive(process.group)
}
